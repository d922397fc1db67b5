#include <string>
#include <vector>

#include "isolate.hpp"
#include "weft_dart.h"

using namespace weft::testing;

namespace {

std::int64_t bind_udp(isolate& of, std::int64_t at = 0, bool shared = false) {
  return of
      .ask([&](std::int64_t id) {
        return weft_udp_bind(of.port(), id, localhost.data(), 4, at, false, shared);
      })
      .result();
}

pending receive(isolate& of, std::int64_t handle) {
  return of.ask([&](std::int64_t id) { return weft_udp_receive(id, handle); });
}

pending send(isolate& of, std::int64_t handle, const std::string& text, std::int64_t to) {
  return of.ask([&](std::int64_t id) {
    return weft_udp_send(id, handle, reinterpret_cast<const std::uint8_t*>(text.data()), 0,
                         static_cast<std::int64_t>(text.size()), localhost.data(), 4, to);
  });
}

/// Checks the head, and returns the rest.
std::string payload(const answer& got, std::int64_t from) {
  REQUIRE(got.data);
  const std::vector<std::uint8_t>& all = *got.data;
  REQUIRE(all.size() >= WEFT_UDP_HEAD);
  CHECK(got.result == static_cast<std::int64_t>(all.size()));
  CHECK(std::equal(localhost.begin(), localhost.end(), all.begin()));
  CHECK(all[16] == 4);
  CHECK((all[18] << 8 | all[19]) == from);
  return {all.begin() + WEFT_UDP_HEAD, all.end()};
}

}  // namespace

TEST_CASE("datagrams keep their bounds and tell who has sent them") {
  in_use lib;
  const std::int64_t a = bind_udp(lib.main);
  const std::int64_t b = bind_udp(lib.main);
  const std::int64_t port_a = tcp_get_local_port(a);
  const std::int64_t port_b = tcp_get_local_port(b);
  const std::string large(60'000, 'x');
  for (const std::string& sent : {std::string("one"), std::string(), large}) {
    CHECK(send(lib.main, a, sent, port_b).result() == static_cast<std::int64_t>(sent.size()));
    CHECK(payload(receive(lib.main, b).await(), port_a) == sent);
  }
  CHECK(weft_count(WEFT_COUNT_BUFFERS) == 1);  // the large one was handed over
  lib.vm.collect_all_data();
  CHECK(weft_count(WEFT_COUNT_BUFFERS) == 0);
}

TEST_CASE("receives that wait are answered in order, one datagram each") {
  in_use lib;
  const std::int64_t a = bind_udp(lib.main);
  const std::int64_t b = bind_udp(lib.main);
  const std::int64_t port_a = tcp_get_local_port(a);
  const std::int64_t port_b = tcp_get_local_port(b);
  std::vector<pending> waiting;
  for (int i = 0; i < 40; ++i) {
    waiting.push_back(receive(lib.main, b));
  }
  CHECK(weft_count(WEFT_COUNT_REQUESTS) == 40);
  for (int i = 0; i < 40; ++i) {
    CHECK(send(lib.main, a, std::to_string(i), port_b).result() > 0);
    CHECK(payload(waiting[static_cast<std::size_t>(i)].await(), port_a) == std::to_string(i));
  }
  CHECK(weft_count(WEFT_COUNT_REQUESTS) == 0);
}

TEST_CASE("closing ends what waits, and sharing lets two isolates have one port") {
  in_use lib;
  isolate other(lib.vm);
  const std::int64_t a = bind_udp(lib.main, 0, true);
  const std::int64_t port = tcp_get_local_port(a);
  const std::int64_t b = bind_udp(other, port, true);
  CHECK(b > 0);
  CHECK(lib.main.refusal([&](std::int64_t id) {
    return weft_udp_bind(lib.main.port(), id, localhost.data(), 4, port, false, false);
  }) == TCP_ERR_BIND_FAILED);
  const pending waiting = receive(lib.main, a);
  CHECK(weft_count(WEFT_COUNT_SOCKETS) == 2);
  CHECK(lib.main.ask([&](std::int64_t id) { return weft_udp_close(id, a); }).result() == 0);
  CHECK(waiting.result() == TCP_ERR_READ_FAILED);
  CHECK(weft_udp_close(0, a) == TCP_ERR_INVALID_HANDLE);
  other.die();
  const std::int64_t again = bind_udp(lib.main, port);
  CHECK(again > 0);
  CHECK(weft_count(WEFT_COUNT_SOCKETS) == 1);
}

TEST_CASE("options and groups") {
  in_use lib;
  const std::int64_t a = bind_udp(lib.main);
  CHECK(weft_udp_option(a, WEFT_UDP_BROADCAST) == 0);
  CHECK(weft_udp_set_option(a, WEFT_UDP_BROADCAST, 1) == 0);
  CHECK(weft_udp_option(a, WEFT_UDP_BROADCAST) == 1);
  CHECK(weft_udp_set_option(a, WEFT_UDP_MULTICAST_LOOP, 0) == 0);
  CHECK(weft_udp_option(a, WEFT_UDP_MULTICAST_LOOP) == 0);
  CHECK(weft_udp_set_option(a, WEFT_UDP_MULTICAST_HOPS, 5) == 0);
  CHECK(weft_udp_option(a, WEFT_UDP_MULTICAST_HOPS) == 5);
  const std::uint8_t group[4] = {239, 1, 2, 3};
  const std::uint8_t no_group[4] = {10, 1, 2, 3};
  constexpr std::int64_t loopback_interface = 1;
  CHECK(weft_udp_membership(a, group, 4, loopback_interface, true) == 0);
  CHECK(weft_udp_membership(a, group, 4, loopback_interface, true) == TCP_ERR_SOCKET_OPTION);
  CHECK(weft_udp_membership(a, group, 4, loopback_interface, false) == 0);
  CHECK(weft_udp_membership(a, no_group, 4, 0, true) == TCP_ERR_SOCKET_OPTION);
}

TEST_CASE("what cannot be right is refused, and what is of another kind") {
  in_use lib;
  const std::uint8_t byte = 0;
  const std::int64_t a = bind_udp(lib.main);
  const connection tcp(lib.main);
  const auto sent = [&](const std::uint8_t* data, std::int64_t offset, std::int64_t count,
                        std::int64_t length, std::int64_t port) {
    return lib.main.refusal([&](std::int64_t id) {
      return weft_udp_send(id, a, data, offset, count, localhost.data(), length, port);
    });
  };
  CHECK(sent(nullptr, 0, 1, 4, 9) == TCP_ERR_INVALID_ARGUMENT);
  CHECK(sent(&byte, -1, 1, 4, 9) == TCP_ERR_INVALID_ARGUMENT);
  CHECK(sent(&byte, 0, -1, 4, 9) == TCP_ERR_INVALID_ARGUMENT);
  CHECK(sent(&byte, 0, 65508, 4, 9) == TCP_ERR_INVALID_ARGUMENT);
  CHECK(sent(&byte, 0, 1, 5, 9) == TCP_ERR_INVALID_ADDRESS);
  CHECK(sent(&byte, 0, 1, 4, 65536) == TCP_ERR_INVALID_ARGUMENT);
  CHECK(weft_udp_receive(0, tcp.near) == TCP_ERR_INVALID_HANDLE);
  CHECK(weft_udp_close(0, tcp.near) == TCP_ERR_INVALID_HANDLE);
  CHECK(tcp_read(0, a) == TCP_ERR_INVALID_HANDLE);
  CHECK(tcp_close(0, a) == TCP_ERR_INVALID_HANDLE);
  CHECK(weft_udp_option(a, 77) == TCP_ERR_INVALID_ARGUMENT);
  CHECK(weft_udp_set_option(a, WEFT_UDP_BROADCAST, 256) == TCP_ERR_INVALID_ARGUMENT);
  CHECK(weft_udp_membership(a, nullptr, 4, 0, true) == TCP_ERR_INVALID_ARGUMENT);
  CHECK(weft_udp_membership(a, &byte, 3, 0, true) == TCP_ERR_INVALID_ADDRESS);
  CHECK(weft_count(0) == TCP_ERR_INVALID_ARGUMENT);
}
