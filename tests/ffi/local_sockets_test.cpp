#include <filesystem>
#include <string>

#include <unistd.h>

#include "isolate.hpp"
#include "weft_dart.h"

/// Unix sockets: from their names on they are what TCP's are.
using namespace weft::testing;

namespace {

std::string fresh_path() {
  static int count = 0;
  return "/tmp/weft.ffi." + std::to_string(::getpid()) + "." + std::to_string(count++);
}

const std::uint8_t* bytes(const std::string& name) {
  return reinterpret_cast<const std::uint8_t*>(name.data());
}

std::int64_t size(const std::string& name) {
  return static_cast<std::int64_t>(name.size());
}

pending begin_listen(isolate& of, const std::string& name, std::int64_t mode = -1) {
  return of.ask([&](std::int64_t id) {
    return weft_unix_listen(of.port(), id, bytes(name), size(name), 0, mode);
  });
}

pending begin_connect(isolate& of, const std::string& name) {
  return of.ask(
      [&](std::int64_t id) { return weft_unix_connect(of.port(), id, bytes(name), size(name)); });
}

std::string name_of(std::int64_t handle, bool peers) {
  std::uint8_t out[109];
  const std::int64_t length = weft_unix_name(handle, peers, out);
  CHECK(length >= 0);
  return {reinterpret_cast<const char*>(out),
          static_cast<std::size_t>(std::max<std::int64_t>(length, 0))};
}

}  // namespace

TEST_CASE("a path and an abstract name are listened on, connected to, and told") {
  in_use lib;
  for (const std::string& name : {fresh_path(), "@weft.ffi." + fresh_path()}) {
    const std::int64_t listener = begin_listen(lib.main, name).result();
    REQUIRE(listener > 0);
    const pending accepted = lib.main.accept(listener);
    const std::int64_t near = begin_connect(lib.main, name).result();
    const std::int64_t far = accepted.result();
    REQUIRE(near > 0);
    REQUIRE(far > 0);
    CHECK(name_of(listener, false) == name);
    CHECK(name_of(near, true) == name);
    CHECK(name_of(near, false).empty());

    CHECK(lib.main.write(near, "hello").result() == 5);
    CHECK(lib.main.read(far).result() == 5);
    CHECK(lib.main.close_write(near).result() == 0);
    CHECK(lib.main.read(far).result() == TCP_ERR_CLOSED);
    std::uint8_t out[16];
    CHECK(tcp_get_local_port(near) == TCP_ERR_SOCKET_OPTION);
    CHECK(tcp_get_remote_address(near, out) == TCP_ERR_SOCKET_OPTION);
    CHECK(lib.main.close(near).result() == 0);
    CHECK(lib.main.close(far).result() == 0);
    CHECK(lib.main.close_listener(listener).result() == 0);
  }
}

TEST_CASE("the file goes with the listener, and one that a dead program left is replaced") {
  in_use lib;
  const std::string path = fresh_path();
  std::int64_t listener = begin_listen(lib.main, path, 0600).result();
  REQUIRE(listener > 0);
  using std::filesystem::perms;
  CHECK((std::filesystem::status(path).permissions() & perms::mask) ==
        (perms::owner_read | perms::owner_write));
  CHECK(lib.main.refusal([&](std::int64_t id) {
    return weft_unix_listen(lib.main.port(), id, bytes(path), size(path), 0, -1);
  }) == TCP_ERR_BIND_FAILED);
  const std::string kept = path + ".kept";
  std::filesystem::create_hard_link(path, kept);
  CHECK(lib.main.close_listener(listener).result() == 0);
  CHECK_FALSE(std::filesystem::exists(path));

  std::filesystem::rename(kept, path);  // now it is one that nobody serves
  CHECK(begin_connect(lib.main, path).result() == TCP_ERR_CONNECT_FAILED);
  listener = begin_listen(lib.main, path).result();
  CHECK(listener > 0);
  CHECK(begin_connect(lib.main, path).result() > 0);
}

TEST_CASE("the listener of an isolate that is no more makes place for the next") {
  in_use lib;
  const std::string path = fresh_path();
  isolate doomed(lib.vm);
  CHECK(begin_listen(doomed, path).result() > 0);
  doomed.die();
  CHECK(begin_listen(lib.main, path).result() > 0);
  tcp_destroy();
  CHECK_FALSE(std::filesystem::exists(path));
}

TEST_CASE("what cannot be right is refused") {
  CHECK(weft_unix_connect(1, 0, bytes("x"), 1) == TCP_ERR_NOT_INITIALIZED);
  CHECK(weft_dart_version() == WEFT_DART_VERSION);
  in_use lib;
  const auto refused = [&](auto call) { return lib.main.refusal(call); };
  const std::int64_t port = lib.main.port();
  const std::string endless(5000, 'x');
  const std::string name = fresh_path();
  CHECK(refused([&](std::int64_t id) { return weft_unix_connect(0, id, bytes(name), 1); }) ==
        TCP_ERR_INVALID_ARGUMENT);
  CHECK(refused([&](std::int64_t id) { return weft_unix_connect(port, id, nullptr, 1); }) ==
        TCP_ERR_INVALID_ARGUMENT);
  CHECK(refused([&](std::int64_t id) { return weft_unix_connect(port, id, bytes(name), -1); }) ==
        TCP_ERR_INVALID_ARGUMENT);
  CHECK(refused([&](std::int64_t id) { return weft_unix_connect(port, id, bytes(name), 0); }) ==
        TCP_ERR_INVALID_ADDRESS);
  CHECK(refused([&](std::int64_t id) {
          return weft_unix_listen(port, id, bytes(endless), size(endless), 0, -1);
        }) == TCP_ERR_INVALID_ADDRESS);
  CHECK(refused([&](std::int64_t id) {
          return weft_unix_listen(port, id, bytes(name), size(name), 0, 010000);
        }) == TCP_ERR_INVALID_ARGUMENT);
  CHECK(begin_connect(lib.main, name).result() == TCP_ERR_CONNECT_FAILED);
  CHECK(weft_unix_name(1, false, nullptr) == TCP_ERR_INVALID_ARGUMENT);
  std::uint8_t out[109];
  CHECK(weft_unix_name(1, false, out) == TCP_ERR_INVALID_HANDLE);
  const connection tcp(lib.main);
  CHECK(weft_unix_name(tcp.near, false, out) == TCP_ERR_SOCKET_OPTION);
}
