#include <array>
#include <functional>
#include <string>

#include <doctest/doctest.h>

#include <weft/net/udp.hpp>
#include <weft/runtime/explain.hpp>

#include "support/ends_of_wait.hpp"
#include "support/raw_sockets.hpp"

namespace weft::testing {

namespace {

/// Sockets of both families that this machine has.
template <class F>
void with_each_family(F f) {
  in_io([&f] {
    for (const char* where : {"127.0.0.1:0", "[::1]:0"}) {
      const auto socket = udp_socket::bind(where);
      if (socket) {
        f(*socket);
      }
    }
  });
}

int raw_option(const udp_socket& socket, int level, int name) {
  int value = -1;
  REQUIRE(raw::get_option(socket.descriptor().native_handle(), level, name, value));
  return value;
}

}  // namespace

TEST_CASE("options that are set can be read, on IPv4 and on IPv6 [row 103]") {
  with_each_family([](const udp_socket& socket) {
    for (const bool on : {true, false}) {
      CHECK(socket.set_broadcast(on));
      CHECK(socket.broadcast() == on);
      CHECK(socket.set_multicast_loop(on));
      CHECK(socket.multicast_loop() == on);
    }
    CHECK(socket.set_ttl(7));
    CHECK(socket.ttl() == 7);
    if (raw::has_all_options) {
      CHECK(socket.set_tos(0x28));
      CHECK(socket.tos() == 0x28);
    }
    CHECK(socket.set_multicast_ttl(3));
    CHECK(socket.multicast_ttl() == 3);
    CHECK(error_of(socket.set_ttl(1000)) == std::errc::invalid_argument);
    CHECK(error_of(socket.set_multicast_ttl(1000)) == std::errc::invalid_argument);

    CHECK(socket.set_receive_buffer(40'000));
    CHECK(or_throw(socket.receive_buffer()) >= 40'000);
    CHECK(socket.set_send_buffer(50'000));
    CHECK(or_throw(socket.send_buffer()) >= 50'000);
  });
}

TEST_CASE("a number out of an option's range is refused and changes nothing [row 103]") {
  with_each_family([](const udp_socket& socket) {
    CHECK(socket.set_ttl(7));
    CHECK(socket.set_multicast_ttl(3));
    for (const int outside : {-1, 256}) {
      CHECK(error_of(socket.set_ttl(outside)) == std::errc::invalid_argument);
      CHECK(error_of(socket.set_multicast_ttl(outside)) == std::errc::invalid_argument);
      CHECK(error_of(socket.set_tos(outside)) == std::errc::invalid_argument);
    }
    CHECK(error_of(socket.set_ttl(0)) == std::errc::invalid_argument);
    CHECK(socket.ttl() == 7);
    CHECK(socket.multicast_ttl() == 3);
    CHECK(error_of(socket.set_receive_buffer(-1)) == std::errc::invalid_argument);
    CHECK(error_of(socket.set_send_buffer(-1)) == std::errc::invalid_argument);
  });
}

TEST_CASE("an IPv6 socket sends IPv4 with the options it was given, too [row 103]") {
  in_io([] {
    const auto socket = udp_socket::bind("[::]:0");
    if (!socket) {
      return;
    }
    CHECK(socket->set_ttl(9));
    CHECK(raw_option(*socket, IPPROTO_IP, IP_TTL) == 9);
    CHECK(raw_option(*socket, IPPROTO_IPV6, IPV6_UNICAST_HOPS) == 9);
    if (raw::has_all_options) {
      CHECK(socket->set_tos(0x10));
      CHECK(raw_option(*socket, IPPROTO_IP, IP_TOS) == 0x10);
    }
  });
}

TEST_CASE("the options of bind() are those that the socket has [row 103]") {
  in_io([] {
    const auto socket = or_throw(udp_socket::bind("127.0.0.1:0", {.reuse_address = true,
                                                                  .broadcast = true,
                                                                  .receive_buffer = 30'000,
                                                                  .send_buffer = 60'000}));
    CHECK(raw_option(socket, SOL_SOCKET, SO_REUSEADDR) == 1);
    CHECK(socket.reuse_address() == true);
    if (raw::has_all_options) {
      CHECK(socket.reuse_port() == false);
      CHECK(socket.interface_name() == "");
    }
    CHECK(error_of(socket.v6_only()) == std::errc::operation_not_supported);
    CHECK(socket.broadcast() == true);
    CHECK(or_throw(socket.receive_buffer()) >= 30'000);
    CHECK(or_throw(socket.send_buffer()) >= 60'000);
    CHECK(udp_socket::bind(*socket.local_endpoint(), {.reuse_address = true}));
    CHECK(!udp_socket::bind(*socket.local_endpoint()));

    const auto plain = or_throw(udp_socket::unbound(ip_family::v4));
    CHECK(plain.broadcast() == false);
    CHECK(raw_option(plain, SOL_SOCKET, SO_REUSEADDR) == 0);
    CHECK(plain.reuse_address() == false);
    for (const bool only : {true, false}) {
      if (const auto six = udp_socket::unbound(ip_family::v6, {.v6_only = only})) {
        CHECK(six->v6_only() == only);
      }
    }
  });
}

TEST_CASE("sockets share a port when all of them ask to [row 103]") {
  in_io([] {
    if (!raw::has_all_options) {
      CHECK(error_of(udp_socket::bind("127.0.0.1:0", {.reuse_port = true})) ==
            std::errc::operation_not_supported);
      return;
    }
    const auto first = or_throw(udp_socket::bind("127.0.0.1:0", {.reuse_port = true}));
    CHECK(first.reuse_port() == true);
    const endpoint where = or_throw(first.local_endpoint());
    CHECK(udp_socket::bind(where, {.reuse_port = true}));
    CHECK(error_of(udp_socket::bind(where)) == std::errc::address_in_use);
  });
}

TEST_CASE("a socket keeps to its interface, and one that is not there is an error [row 103]") {
  in_io([] {
    const auto missing = udp_socket::bind("127.0.0.1:0", {.interface = "no-such-if"});
    CHECK(!missing);
    CHECK(explain(error_of(missing)).starts_with("bind 127.0.0.1:0: "));
    const auto kept = udp_socket::bind("127.0.0.1:0", {.interface = "lo"});
    if (!kept) {
      CHECK(error_of(kept) == (raw::has_all_options ? std::errc::operation_not_permitted
                                                    : std::errc::operation_not_supported));
      return;
    }
    CHECK(kept->interface_name() == "lo");
    CHECK(kept->send_to("within", *kept->local_endpoint()));
    std::array<std::byte, 8> buffer;
    CHECK(kept->receive(buffer) == 6);
  });
}

TEST_CASE("nothing is sent to everyone unless that is allowed [row 103]") {
  in_io([] {
    const auto socket = or_throw(udp_socket::bind("127.0.0.1:0"));
    const endpoint everyone(ip_address::v4(127, 255, 255, 255), 9);
    CHECK(error_of(socket.send_to("hello", everyone)) == std::errc::permission_denied);
    CHECK(socket.set_broadcast(true));
    CHECK(error_of(socket.send_to("hello", everyone)) != std::errc::permission_denied);
  });
}

TEST_CASE("a broadcast reaches the sockets that are bound to its port [row 103]") {
  in_io([] {
    const auto listener = or_throw(udp_socket::bind(":0"));
    const auto sender = or_throw(udp_socket::bind("127.0.0.1:0", {.broadcast = true}));
    const endpoint everyone(ip_address::v4(127, 255, 255, 255), listener.local_endpoint()->port());
    CHECK(sender.send_to("to all", everyone));
    std::array<std::byte, 8> buffer;
    timeout_scope limit(promptly);
    CHECK(or_throw(listener.receive_from(buffer)).from == sender.local_endpoint());
  });
}

TEST_CASE("segment sizes and receive offload can be set and read, or are not supported [row B15]") {
  with_each_family([](const udp_socket& socket) {
    const auto set = socket.set_segment_size(1200);
    if (!set) {
      CHECK(error_of(set) == std::errc::operation_not_supported);
      return;
    }
    CHECK(socket.segment_size() == 1200);
    CHECK(socket.set_segment_size(0));
    CHECK(socket.segment_size() == 0);
    CHECK(error_of(socket.set_segment_size(1 << 20)) == std::errc::invalid_argument);
    CHECK(socket.set_receive_offload(true));
    CHECK(socket.receive_offload() == true);
    CHECK(socket.set_receive_offload(false));
    CHECK(socket.receive_offload() == false);
  });
}

}  // namespace weft::testing
