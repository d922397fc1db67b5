#include <filesystem>
#include <string>
#include <vector>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "isolate.hpp"
#include "weft_dart.h"

/// Unix sockets for datagrams.
using namespace weft::testing;

namespace {

std::string fresh_path() {
  static int count = 0;
  return "/tmp/weft.ffi.d." + std::to_string(::getpid()) + "." + std::to_string(count++);
}

const std::uint8_t* bytes(const std::string& text) {
  return reinterpret_cast<const std::uint8_t*>(text.data());
}

std::int64_t size(const std::string& text) {
  return static_cast<std::int64_t>(text.size());
}

std::int64_t bind_to(isolate& of, const std::string& name, std::int64_t mode = -1) {
  return of
      .ask([&](std::int64_t id) {
        return weft_unix_bind(of.port(), id, bytes(name), size(name), mode);
      })
      .result();
}

pending send(isolate& of, std::int64_t handle, const std::string& text, const std::string& to) {
  return of.ask([&](std::int64_t id) {
    return weft_unix_send(id, handle, bytes(text), 0, size(text), bytes(to), size(to));
  });
}

pending receive(isolate& of, std::int64_t handle) {
  return of.ask([&](std::int64_t id) { return weft_udp_receive(id, handle); });
}

pending close(isolate& of, std::int64_t handle) {
  return of.ask([&](std::int64_t id) { return weft_udp_close(id, handle); });
}

struct datagram {
  std::string from;
  std::string data;
};

datagram parse(const answer& got) {
  REQUIRE(got.data);
  const std::vector<std::uint8_t>& all = *got.data;
  REQUIRE(all.size() >= WEFT_UNIX_HEAD);
  return {{all.begin(), all.begin() + all[WEFT_UNIX_HEAD - 1]},
          {all.begin() + WEFT_UNIX_HEAD, all.end()}};
}

/// Fills a receiver until a datagram waits.
pending send_in_vain(isolate& of, std::int64_t handle, const std::string& to, std::size_t each,
                     int& taken) {
  for (taken = 0;; ++taken) {
    const pending last = send(of, handle, std::string(each, 'x'), to);
    if (!last.is_answered()) {
      return last;
    }
  }
}

}  // namespace

TEST_CASE("datagrams by path and by abstract name keep their bounds and tell their sender") {
  in_use lib;
  for (const std::string& prefix : {std::string(), std::string("@")}) {
    const std::string name_a = prefix + fresh_path();
    const std::string name_b = prefix + fresh_path();
    const std::int64_t a = bind_to(lib.main, name_a);
    const std::int64_t b = bind_to(lib.main, name_b);
    const std::int64_t unnamed = bind_to(lib.main, "");
    REQUIRE(a > 0);
    REQUIRE(b > 0);
    for (const std::string& sent : {std::string("one"), std::string(), std::string(65'000, 'x')}) {
      CHECK(send(lib.main, a, sent, name_b).result() == size(sent));
      const datagram got = parse(receive(lib.main, b).await());
      CHECK(got.from == name_a);
      CHECK(got.data == sent);
    }
    CHECK(send(lib.main, unnamed, "who?", name_b).result() == 4);
    CHECK(parse(receive(lib.main, b).await()).from.empty());
    CHECK(close(lib.main, b).result() == 0);
    CHECK(send(lib.main, a, "gone", name_b).result() == TCP_ERR_WRITE_FAILED);
    CHECK(close(lib.main, a).result() == 0);
    CHECK(close(lib.main, unnamed).result() == 0);
    CHECK(!std::filesystem::exists(name_b));
  }
  lib.vm.collect_all_data();
  CHECK(weft_count(WEFT_COUNT_BUFFERS) == 0);
}

TEST_CASE("a sender waits while its receiver has no room, or it has too much on its way itself") {
  in_use lib;
  const std::string name = fresh_path();
  for (const std::size_t each : {std::size_t{1}, std::size_t{60'000}}) {
    const std::int64_t to = bind_to(lib.main, name);
    const std::int64_t a = bind_to(lib.main, "");
    int taken = 0;
    const pending first = send_in_vain(lib.main, a, name, each, taken);
    const pending second = send(lib.main, a, "second", name);
    for (int i = 0; i < taken; ++i) {
      CHECK(parse(receive(lib.main, to).await()).data.size() == each);
    }
    CHECK(first.result() == static_cast<std::int64_t>(each));
    CHECK(parse(receive(lib.main, to).await()).data.size() == each);
    CHECK(second.result() == 6);
    CHECK(parse(receive(lib.main, to).await()).data == "second");
    CHECK(close(lib.main, to).result() == 0);
    CHECK(close(lib.main, a).result() == 0);
  }
}

TEST_CASE("one that waits is taken back and lets those behind it go, or fails with its receiver") {
  in_use lib;
  const std::string full = fresh_path();
  const std::string free = fresh_path();
  const std::int64_t to = bind_to(lib.main, full);
  const std::int64_t other = bind_to(lib.main, free);
  const std::int64_t a = bind_to(lib.main, "");
  int taken = 0;
  const pending first = send_in_vain(lib.main, a, full, 1, taken);
  const pending behind = send(lib.main, a, "behind", free);
  CHECK(!behind.is_answered());
  CHECK(weft_cancel(lib.main.port(), first.id, a) == 1);
  CHECK(first.result() == WEFT_ERR_CANCELED);
  CHECK(behind.result() == 6);
  CHECK(parse(receive(lib.main, other).await()).data == "behind");

  const pending lost = send(lib.main, a, "lost", full);
  CHECK(!lost.is_answered());
  CHECK(close(lib.main, to).result() == 0);
  CHECK(lost.result() == TCP_ERR_WRITE_FAILED);
  // Closing the sender answers, too.
  const std::int64_t again = bind_to(lib.main, full);
  const pending vain = send_in_vain(lib.main, a, full, 1, taken);
  CHECK(close(lib.main, a).result() == 0);
  CHECK(vain.result() == TCP_ERR_WRITE_FAILED);
  CHECK(close(lib.main, again).result() == 0);
}

TEST_CASE("a name is free again when its owner is dead, and one in use is not") {
  in_use lib;
  const isolate other(lib.vm);
  isolate dead(lib.vm);
  const std::string name = fresh_path();
  CHECK(bind_to(dead, name, 0600) > 0);
  CHECK((std::filesystem::status(name).permissions() & std::filesystem::perms::mask) ==
        std::filesystem::perms(0600));
  CHECK(lib.main.refusal([&](std::int64_t id) {
    return weft_unix_bind(lib.main.port(), id, bytes(name), size(name), -1);
  }) == TCP_ERR_BIND_FAILED);
  dead.die();
  CHECK(bind_to(lib.main, name) > 0);
}

TEST_CASE("a datagram from elsewhere that is too long is told") {
  in_use lib;
  const std::string name = fresh_path();
  const std::int64_t to = bind_to(lib.main, name);
  const raw_handle sender(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  name.copy(address.sun_path, sizeof address.sun_path - 1);
  const auto sends = [&](std::size_t count) {
    const std::string text(count, 'x');
    return ::sendto(sender.get(), text.data(), text.size(), 0,
                    reinterpret_cast<const sockaddr*>(&address), sizeof address);
  };
  REQUIRE(sends(100'000) == 100'000);
  REQUIRE(sends(5) == 5);
  CHECK(receive(lib.main, to).result() == TCP_ERR_OUT_OF_MEMORY);
  CHECK(parse(receive(lib.main, to).await()).data == "xxxxx");
}

TEST_CASE("what cannot be right is refused, and what is of another kind") {
  in_use lib;
  const std::string name = fresh_path();
  const std::int64_t a = bind_to(lib.main, name);
  const std::uint8_t byte = 0;
  const auto sent = [&](const std::uint8_t* data, std::int64_t count, const std::string& to) {
    return lib.main.refusal([&](std::int64_t id) {
      return weft_unix_send(id, a, data, 0, count, bytes(to), size(to));
    });
  };
  CHECK(sent(nullptr, 1, name) == TCP_ERR_INVALID_ARGUMENT);
  CHECK(sent(&byte, -1, name) == TCP_ERR_INVALID_ARGUMENT);
  CHECK(sent(&byte, 65'001, name) == TCP_ERR_INVALID_ARGUMENT);
  CHECK(sent(&byte, 1, std::string(200, 'x')) == TCP_ERR_INVALID_ADDRESS);
  CHECK(sent(&byte, 1, "") == TCP_ERR_INVALID_ADDRESS);
  CHECK(weft_unix_send(0, a, &byte, 0, 1, nullptr, 5) == TCP_ERR_INVALID_ARGUMENT);
  CHECK(weft_udp_send(0, a, &byte, 0, 1, localhost.data(), 4, 9) == TCP_ERR_INVALID_HANDLE);
  CHECK(tcp_read(0, a) == TCP_ERR_INVALID_HANDLE);
  CHECK(weft_udp_option(a, WEFT_UDP_BROADCAST) == TCP_ERR_INVALID_HANDLE);
  CHECK(weft_unix_bind(lib.main.port(), 0, nullptr, 5, -1) == TCP_ERR_INVALID_ARGUMENT);
  CHECK(weft_unix_bind(lib.main.port(), 0, bytes(name), -1, -1) == TCP_ERR_INVALID_ARGUMENT);
  CHECK(weft_unix_bind(lib.main.port(), 0, bytes(name), 3, 010000) == TCP_ERR_INVALID_ARGUMENT);
  CHECK(weft_unix_bind(0, 0, bytes(name), 3, -1) == TCP_ERR_INVALID_ARGUMENT);
  const connection tcp(lib.main);
  CHECK(weft_unix_send(0, tcp.near, &byte, 0, 1, bytes(name), size(name)) ==
        TCP_ERR_INVALID_HANDLE);
}
