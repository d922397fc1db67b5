#include <set>
#include <string>
#include <vector>

#include "isolate.hpp"

using namespace weft::testing;

namespace {

constexpr std::array<std::uint8_t, 16> localhost_v6{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
constexpr std::array<std::uint8_t, 16> any_v6{};

}  // namespace

TEST_CASE("connect: addresses, ports, refusals [row 129]") {
  in_use lib;
  const auto refused = [&](const std::uint8_t* address, std::int64_t length, std::int64_t port,
                           const std::uint8_t* source, std::int64_t source_length,
                           std::int64_t source_port) {
    return lib.main.refusal([&](std::int64_t id) {
      return tcp_connect(lib.main.port(), id, address, length, port, source, source_length,
                         source_port);
    });
  };
  const std::uint8_t* const host = localhost.data();
  CHECK(refused(host, 5, 80, nullptr, 0, 0) == TCP_ERR_INVALID_ADDRESS);
  CHECK(refused(host, -4, 80, nullptr, 0, 0) == TCP_ERR_INVALID_ADDRESS);
  CHECK(refused(host, 4, 80, host, 3, 0) == TCP_ERR_INVALID_ADDRESS);
  CHECK(refused(nullptr, 4, 80, nullptr, 0, 0) == TCP_ERR_INVALID_ARGUMENT);
  CHECK(refused(host, 4, 65536, nullptr, 0, 0) == TCP_ERR_INVALID_ARGUMENT);
  CHECK(refused(host, 4, -1, nullptr, 0, 0) == TCP_ERR_INVALID_ARGUMENT);
  CHECK(refused(host, 4, 80, nullptr, 0, 70000) == TCP_ERR_INVALID_ARGUMENT);
  CHECK(tcp_connect(0, 0, host, 4, 80, nullptr, 0, 0) == TCP_ERR_INVALID_ARGUMENT);

  sockaddr_in address = loopback();
  raw_handle listener = raw_listener(address, 8);
  const std::int64_t taken = ntohs(address.sin_port);
  CHECK(refused(host, 4, 80, host, 4, taken) == TCP_ERR_BIND_FAILED);
  CHECK(refused(host, 4, 80, nullptr, 0, taken) == TCP_ERR_BIND_FAILED);
  const std::array<std::uint8_t, 4> not_ours{192, 0, 2, 1};
  CHECK(refused(host, 4, 80, not_ours.data(), 4, 0) == TCP_ERR_BIND_FAILED);
  listener.close();
  CHECK(lib.main.connect(taken) == TCP_ERR_CONNECT_FAILED);
}

TEST_CASE("connect: the source is what was asked for") {
  in_use lib;
  const std::int64_t listener = lib.main.listen();
  const std::array<std::uint8_t, 4> source{127, 0, 0, 2};
  const pending accepted = lib.main.accept(listener);
  const std::int64_t near =
      lib.main
          .ask([&](std::int64_t id) {
            return tcp_connect(lib.main.port(), id, localhost.data(), 4,
                               tcp_get_local_port(listener), source.data(), 4, 0);
          })
          .result();
  const std::int64_t far = accepted.result();
  std::array<std::uint8_t, 16> out{};
  CHECK(tcp_get_remote_address(far, out.data()) == 4);
  CHECK(out[3] == 2);
  CHECK(tcp_get_local_address(near, out.data()) == 4);
  CHECK(out[3] == 2);
  CHECK(tcp_get_local_port(near) == tcp_get_remote_port(far));
  CHECK(tcp_get_remote_port(near) == tcp_get_local_port(listener));
  CHECK(tcp_get_local_address(near, nullptr) == TCP_ERR_INVALID_ARGUMENT);
  CHECK(tcp_get_remote_port(listener) == TCP_ERR_SOCKET_OPTION);
}

TEST_CASE("options are set and read back") {
  in_use lib;
  const connection c(lib.main);
  CHECK(tcp_get_keep_alive(c.near) == 0);
  CHECK(tcp_set_keep_alive(c.near, true) == 0);
  CHECK(tcp_get_keep_alive(c.near) == 1);
  CHECK(tcp_set_no_delay(c.near, true) == 0);
  CHECK(tcp_get_no_delay(c.near) == 1);
  CHECK(tcp_set_no_delay(c.near, false) == 0);
  CHECK(tcp_get_no_delay(c.near) == 0);
}

TEST_CASE("listen: IPv6, alone or with IPv4") {
  in_use lib;
  const auto listen = [&](const std::array<std::uint8_t, 16>& address, bool v6_only) {
    return lib.main
        .ask([&](std::int64_t id) {
          return tcp_listen(lib.main.port(), id, address.data(), 16, 0, v6_only, 5, false);
        })
        .result();
  };
  const std::int64_t both = listen(any_v6, false);
  REQUIRE(both > 0);
  CHECK(lib.main.connect(tcp_get_local_port(both)) > 0);
  const std::int64_t only = listen(any_v6, true);
  CHECK(lib.main.connect(tcp_get_local_port(only)) == TCP_ERR_CONNECT_FAILED);
  const std::int64_t local = listen(localhost_v6, true);
  const std::int64_t near = lib.main
                                .ask([&](std::int64_t id) {
                                  return tcp_connect(lib.main.port(), id, localhost_v6.data(), 16,
                                                     tcp_get_local_port(local), nullptr, 0, 0);
                                })
                                .result();
  std::array<std::uint8_t, 16> out{};
  CHECK(tcp_get_remote_address(near, out.data()) == 16);
  CHECK(out == localhost_v6);
}

TEST_CASE("listen: an address in use is -4, unless it is shared") {
  in_use lib;
  isolate other(lib.vm);
  const std::int64_t first = lib.main.listen(true);
  const std::int64_t address = tcp_get_local_port(first);
  CHECK(lib.main.refusal([&](std::int64_t id) {
    return tcp_listen(lib.main.port(), id, localhost.data(), 4, address, false, 0, false);
  }) == TCP_ERR_BIND_FAILED);
  CHECK(other.listen(true, address) > 0);
  CHECK(lib.main.refusal([&](std::int64_t id) {
    return tcp_listen(lib.main.port(), id, localhost.data(), 6, 0, false, 0, false);
  }) == TCP_ERR_INVALID_ADDRESS);
}

TEST_CASE("the isolates that share a listener's address get their own connections [row 130]") {
  in_use lib;
  isolate other(lib.vm);
  const std::int64_t mine = lib.main.listen(true);
  const std::int64_t address = tcp_get_local_port(mine);
  const std::int64_t theirs = other.listen(true, address);
  std::vector<pending> accepts;
  for (int i = 0; i < 40; ++i) {
    accepts.push_back(lib.main.accept(mine));
    accepts.push_back(other.accept(theirs));
  }
  for (int i = 0; i < 40; ++i) {
    CHECK(lib.main.connect(address) > 0);
  }
  int accepted = 0;
  await_until([&] {
    for (const pending& a : accepts) {
      if (const auto got = lib.vm.poll(a.by, a.id)) {
        isolate& owner = a.by == other.port() ? other : lib.main;
        CHECK(owner.write(got->result, "yours").result() == 5);
        ++accepted;
      }
    }
    return accepted == 40;
  });
}

TEST_CASE("any number of accepts may wait; they are served in order") {
  in_use lib;
  const std::int64_t listener = lib.main.listen();
  std::vector<pending> accepts;
  for (int i = 0; i < 5; ++i) {
    accepts.push_back(lib.main.accept(listener));
  }
  for (const pending& a : accepts) {
    const std::int64_t near = lib.main.connect(tcp_get_local_port(listener));
    const std::int64_t far = a.result();
    CHECK(tcp_get_local_port(near) == tcp_get_remote_port(far));
  }
}

TEST_CASE("an accept loop posts handles to its own port; the connections are the listener's") {
  in_use lib;
  const std::int64_t listener = lib.main.listen();
  const weft::dart::port loop = lib.vm.open_port();
  CHECK(tcp_accept_loop(0, listener) == TCP_ERR_INVALID_ARGUMENT);
  CHECK(tcp_accept_loop(loop, listener) == 0);
  CHECK(tcp_accept_loop(loop, listener) == TCP_ERR_INVALID_ARGUMENT);
  for (int i = 0; i < 20; ++i) {
    const std::int64_t near = lib.main.connect(tcp_get_local_port(listener));
    const std::int64_t far = lib.vm.await_number(loop);
    REQUIRE(far > 0);
    CHECK(lib.main.write(near, "hello").result() == 5);
    CHECK(lib.main.read(far).result() == 5);
  }
  CHECK(lib.main.close_listener(listener).result() == 0);
  CHECK(lib.vm.await_number(loop) == TCP_ERR_ACCEPT_FAILED);
}

TEST_CASE("an accept loop whose port is dead closes the connection and stops") {
  in_use lib;
  const std::int64_t listener = lib.main.listen();
  const weft::dart::port loop = lib.vm.open_port();
  CHECK(tcp_accept_loop(loop, listener) == 0);
  lib.vm.kill(loop);
  const std::int64_t near = lib.main.connect(tcp_get_local_port(listener));
  CHECK(lib.main.read(near).result() == TCP_ERR_CLOSED);
  const weft::dart::port next = lib.vm.open_port();
  CHECK(tcp_accept_loop(next, listener) == 0);
  CHECK(lib.main.connect(tcp_get_local_port(listener)) > 0);
  CHECK(lib.vm.await_number(next) > 0);
}

TEST_CASE("an accept loop waits for an isolate that is behind, and drops nothing [row 130]") {
  constexpr std::size_t most = 1024;
  in_use lib;
  const std::int64_t listener = lib.main.listen();
  const std::int64_t address = tcp_get_local_port(listener);
  const weft::dart::port loop = lib.vm.open_port();
  CHECK(tcp_accept_loop(loop, listener) == 0);
  std::vector<raw_handle> clients;
  sockaddr_in where = loopback(static_cast<std::uint16_t>(address));
  std::set<std::int64_t> unused;
  allow_descriptors(4096);
  for (std::size_t i = 0; i < most; ++i) {
    clients.push_back(raw_connection(where));
    unused.insert(lib.vm.await_number(loop));
  }
  CHECK(unused.size() == most);
  clients.push_back(raw_connection(where));
  clients.push_back(raw_connection(where));
  REQUIRE(send_now(clients.front().get(), "x"));
  CHECK(lib.vm.numbers_waiting(loop) == 0);
  CHECK(tcp_get_local_port(*unused.begin()) == address);
  CHECK(lib.vm.await_number(loop) > 0);
  CHECK(lib.vm.numbers_waiting(loop) == 0);
  CHECK(lib.main.close(*std::next(unused.begin())).result() == 0);
  CHECK(lib.vm.await_number(loop) > 0);
}

TEST_CASE("closing a listener ends its accepts; by force, its connections, too") {
  in_use lib;
  const std::int64_t listener = lib.main.listen();
  const std::int64_t address = tcp_get_local_port(listener);
  const pending first = lib.main.accept(listener);
  const std::int64_t near = lib.main.connect(address);
  const std::int64_t far = first.result();
  const pending waiting = lib.main.accept(listener);
  const pending closed = lib.main.close_listener(listener);
  CHECK(waiting.result() == TCP_ERR_ACCEPT_FAILED);
  CHECK(closed.result() == 0);
  CHECK(lib.main.connect(address) == TCP_ERR_CONNECT_FAILED);
  CHECK(lib.main.write(far, "alive").result() == 5);
  CHECK(lib.main.read(near).result() == 5);

  const std::int64_t second = lib.main.listen();
  const pending accepted = lib.main.accept(second);
  const std::int64_t other = lib.main.connect(tcp_get_local_port(second));
  const std::int64_t doomed = accepted.result();
  const pending read = lib.main.read(doomed);
  CHECK(lib.main.close_listener(second, true).result() == 0);
  CHECK(read.result() == TCP_ERR_READ_FAILED);
  CHECK(lib.main.read(other).result() == TCP_ERR_CLOSED);
  CHECK(lib.main.write(near, "untouched").result() == 9);
}

TEST_CASE("a handle of the wrong kind is none") {
  in_use lib;
  const std::int64_t listener = lib.main.listen();
  const connection c(lib.main);
  const std::uint8_t byte = 0;
  const auto refusal = [&](auto&& call) { return lib.main.refusal(call); };
  CHECK(refusal([&](auto id) { return tcp_read(id, listener); }) == TCP_ERR_INVALID_HANDLE);
  CHECK(refusal([&](auto id) { return tcp_write(id, listener, &byte, 0, 1); }) ==
        TCP_ERR_INVALID_HANDLE);
  CHECK(refusal([&](auto id) { return tcp_close_write(id, listener); }) == TCP_ERR_INVALID_HANDLE);
  CHECK(refusal([&](auto id) { return tcp_close(id, listener); }) == TCP_ERR_INVALID_HANDLE);
  CHECK(refusal([&](auto id) { return tcp_accept(id, c.near); }) == TCP_ERR_INVALID_HANDLE);
  CHECK(refusal([&](auto id) { return tcp_listener_close(id, c.near, true); }) ==
        TCP_ERR_INVALID_HANDLE);
  CHECK(tcp_accept_loop(lib.main.port(), c.near) == TCP_ERR_INVALID_HANDLE);
}
