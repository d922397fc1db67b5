#include <cerrno>
#include <cstring>
#include <string>
#include <system_error>

#include <sys/socket.h>

#include "isolate.hpp"
#include "weft_dart.h"

/// The system's errors, for owners that have asked for them.
using namespace weft::testing;

namespace {

/// What weft_dart.h says of a result.
std::int64_t code_in(std::int64_t result) {
  return -(-result & 255);
}
int error_in(std::int64_t result) {
  return static_cast<int>(-result >> 8);
}

std::int64_t listen_at(isolate& of, std::int64_t port) {
  return of.refusal([&](std::int64_t id) {
    return tcp_listen(of.port(), id, localhost.data(), 4, port, false, 0, false);
  });
}

/// A port number that nobody listens on for now.
std::int64_t free_port(isolate& of) {
  const std::int64_t listener = of.listen();
  const std::int64_t port = tcp_get_local_port(listener);
  CHECK(of.close_listener(listener).result() == 0);
  return port;
}

/// Makes the next write of this end fail.
void reset(const half_raw& c) {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  REQUIRE(::setsockopt(c.peer.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once) == 0);
}

}  // namespace

TEST_CASE("answers and refusals carry the system's error to whom asked for it, to nobody else") {
  in_use lib;
  isolate knows(lib.vm);
  CHECK(weft_explain(knows.port()) == 0);
  CHECK(weft_explain(knows.port()) == 0);

  const std::int64_t taken = tcp_get_local_port(lib.main.listen());
  CHECK(listen_at(lib.main, taken) == TCP_ERR_BIND_FAILED);
  CHECK(code_in(listen_at(knows, taken)) == TCP_ERR_BIND_FAILED);
  CHECK(error_in(listen_at(knows, taken)) == EADDRINUSE);

  const std::int64_t nobody = free_port(lib.main);
  CHECK(lib.main.connect(nobody) == TCP_ERR_CONNECT_FAILED);
  const std::int64_t refused = knows.connect(nobody);
  CHECK(code_in(refused) == TCP_ERR_CONNECT_FAILED);
  CHECK(error_in(refused) == ECONNREFUSED);

  // What is no failure of the system's is told as ever.
  const connection c(knows);
  CHECK(knows.close(c.far).result() == 0);
  CHECK(knows.read(c.near).result() == TCP_ERR_CLOSED);
  CHECK(tcp_close(0, c.far) == TCP_ERR_INVALID_HANDLE);
}

TEST_CASE("a read and a write tell how the connection was lost") {
  in_use lib;
  isolate knows(lib.vm);
  CHECK(weft_explain(knows.port()) == 0);
  for (isolate* each : {&lib.main, &knows}) {
    half_raw c(*each);
    reset(c);
    const pending waiting = each->read(c.handle);
    c.peer = {};
    const std::int64_t got = waiting.result();
    const std::int64_t written = each->write(c.handle, "too late").result();
    CHECK(code_in(got) == TCP_ERR_READ_FAILED);
    CHECK(code_in(written) == TCP_ERR_WRITE_FAILED);
    CHECK(error_in(got) == (each == &knows ? ECONNRESET : 0));
    CHECK(error_in(written) == (each == &knows ? EPIPE : 0));
    const std::uint8_t byte = 0;
    CHECK(error_in(weft_write(99, c.handle, &byte, 0, 1)) == (each == &knows ? EPIPE : 0));
  }
}

TEST_CASE("Unix sockets and datagrams tell it, too") {
  in_use lib;
  CHECK(weft_explain(lib.main.port()) == 0);
  const std::string nowhere = "/nowhere/at all";
  const auto* name = reinterpret_cast<const std::uint8_t*>(nowhere.data());
  const auto size = static_cast<std::int64_t>(nowhere.size());
  isolate& of = lib.main;
  const std::int64_t connected = of.ask([&](std::int64_t id) {
                                     return weft_unix_connect(of.port(), id, name, size);
                                   }).result();
  CHECK(code_in(connected) == TCP_ERR_CONNECT_FAILED);
  CHECK(error_in(connected) == ENOENT);
  const std::int64_t listening = of.refusal(
      [&](std::int64_t id) { return weft_unix_listen(of.port(), id, name, size, 0, -1); });
  CHECK(code_in(listening) == TCP_ERR_BIND_FAILED);
  CHECK(error_in(listening) == ENOENT);
  const std::int64_t bound =
      of.refusal([&](std::int64_t id) { return weft_unix_bind(of.port(), id, name, size, -1); });
  CHECK(error_in(bound) == ENOENT);
  const std::int64_t unnamed =
      of.ask([&](std::int64_t id) { return weft_unix_bind(of.port(), id, name, 0, -1); }).result();
  const std::uint8_t byte = 0;
  const std::int64_t sent = of.ask([&](std::int64_t id) {
                                return weft_unix_send(id, unnamed, &byte, 0, 1, name, size);
                              }).result();
  CHECK(code_in(sent) == TCP_ERR_WRITE_FAILED);
  CHECK(error_in(sent) == ENOENT);
}

TEST_CASE("error numbers have texts") {
  in_use lib;
  std::uint8_t out[64];
  const std::string expected = std::system_category().message(ECONNREFUSED);
  CHECK(weft_error_text(ECONNREFUSED, out, 64) == static_cast<std::int64_t>(expected.size()));
  CHECK(std::memcmp(out, expected.data(), expected.size()) == 0);
  CHECK(weft_error_text(ECONNREFUSED, out, 3) == 3);
  CHECK(weft_error_text(0, out, 64) == TCP_ERR_INVALID_ARGUMENT);
  CHECK(weft_error_text(1, nullptr, 64) == TCP_ERR_INVALID_ARGUMENT);
  CHECK(weft_error_text(1, out, -1) == TCP_ERR_INVALID_ARGUMENT);
  CHECK(weft_explain(0) == TCP_ERR_INVALID_ARGUMENT);
}
