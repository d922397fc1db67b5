#include <array>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <weft/net/socket.hpp>
#include <weft/runtime/explain.hpp>

#include "support/ends_of_wait.hpp"
#include "support/socket_fixture.hpp"

namespace weft::testing {

TEST_CASE("a socket is TCP over IPv4 unless told otherwise [row 153]") {
  in_io([] {
    weft::socket server;
    weft::socket client;
    CHECK(server.domain() == socket_domain::ipv4);
    CHECK(server.type() == socket_type::stream);
    check_connection(server, client, "127.0.0.1");
  });
}

TEST_CASE("the same calls serve IPv6 [row 153]") {
  in_io([] {
    if (has_v6()) {
      weft::socket server(socket_domain::ipv6);
      weft::socket client(socket_domain::ipv6);
      check_connection(server, client, "::1");
    }
  });
}

TEST_CASE("datagrams go to an address and tell where they come from [row 153]") {
  in_io([] {
    weft::socket server(socket_domain::ipv4, socket_type::datagram);
    weft::socket client(socket_domain::ipv4, socket_type::datagram);
    CHECK(server.bind("localhost"));
    CHECK(client.bind(""));
    CHECK(client.sendto("hello", "127.0.0.1", port_of(server)) == 5);
    std::array<std::byte, 4> buffer;
    const auto got = or_throw(server.recvfrom(buffer));
    CHECK(got.size == 4);
    CHECK(got.truncated);
    CHECK(got.from == socket_address(endpoint::loopback_v4(port_of(client))));
    CHECK(server.sendto(bytes_of("back"), got.from) == 4);
    CHECK(or_throw(client.recv(100)) == "back");

    CHECK(client.connect("127.0.0.1", port_of(server)));
    CHECK(client.send("too long") == 8);
    CHECK(error_of(server.recv(buffer)) == std::errc::message_size);
  });
}

TEST_CASE("datagrams go over IPv6, too [row 153]") {
  in_io([] {
    if (!has_v6()) {
      return;
    }
    weft::socket server(socket_domain::ipv6, socket_type::datagram);
    weft::socket client(socket_domain::ipv6, socket_type::datagram);
    CHECK(server.bind("::1"));
    CHECK(client.bind("::1"));
    CHECK(client.sendto("hello", "::1", port_of(server)) == 5);
    std::array<std::byte, 16> buffer;
    const auto got = or_throw(server.recvfrom(buffer));
    CHECK(got.size == 5);
    CHECK(!got.truncated);
    CHECK(got.from == or_throw(client.local_address()));
    CHECK(server.sendto(bytes_of("back"), got.from) == 4);
    CHECK(or_throw(client.recv(100)) == "back");

    CHECK(client.connect("::1", port_of(server)));
    CHECK(client.peer_address() == server.local_address());
    CHECK(client.send("connected") == 9);
    CHECK(or_throw(server.recv(100)) == "connected");
    check_ends_of_wait([&] { return client.recv(buffer); }, [&] { client.close(); });
  });
}

TEST_CASE("recvfrom() on a stream leaves what does not fit for the next call [row 153]") {
  in_io([] {
    weft::socket listening(socket_domain::ipv4, socket_type::stream);
    CHECK(listening.bind("127.0.0.1"));
    CHECK(listening.listen());
    weft::socket client(socket_domain::ipv4, socket_type::stream);
    CHECK(client.connect("127.0.0.1", port_of(listening)));
    weft::socket server = or_throw(listening.accept());
    CHECK(client.send_all(bytes_of("0123456789")));
    std::string text;
    std::array<std::byte, 4> buffer;
    while (text.size() < 10) {
      const auto got = or_throw(server.recvfrom(buffer));
      CHECK(!got.truncated);
      text.append(reinterpret_cast<const char*>(buffer.data()), got.size);
    }
    CHECK(text == "0123456789");
    client.close();
    CHECK(error_of(server.recvfrom(buffer)) == errc::end_of_stream);
  });
}

TEST_CASE("the calls that wait give up as they should [row 153]") {
  in_io([] {
    std::array<std::byte, 4> buffer;
    {
      weft::socket server;
      CHECK(server.bind("127.0.0.1"));
      CHECK(server.listen());
      check_ends_of_wait([&] { return server.accept(); }, [&] { server.close(); });
    }
    {
      weft::socket server;
      CHECK(server.bind("127.0.0.1"));
      CHECK(server.listen());
      weft::socket client;
      CHECK(client.connect("127.0.0.1", port_of(server)));
      check_gives_up([&] { return client.recvfrom(buffer); });
      check_ends_of_wait([&] { return client.recv(buffer); }, [&] { client.close(); });
      CHECK(error_of(client.send("x")) == errc::closed);
    }
    weft::socket datagrams(socket_domain::ipv4, socket_type::datagram);
    CHECK(datagrams.bind("127.0.0.1"));
    check_gives_up([&] { return datagrams.recv(buffer); });
    check_ends_of_wait([&] { return datagrams.recvfrom(buffer); }, [&] { datagrams.close(); });
  });
}

TEST_CASE("what cannot be had is an error that names it [row 153]") {
  in_io([] {
    weft::socket first;
    CHECK(first.bind("127.0.0.1"));
    CHECK(first.listen());
    weft::socket second;
    const std::error_code taken = error_of(second.bind("127.0.0.1", port_of(first)));
    CHECK(taken == std::errc::address_in_use);
    CHECK(explain(taken).starts_with("bind 127.0.0.1:"));
    if (raw::refuses_foreign_addresses) {
      CHECK(error_of(second.bind("192.0.2.1")) == std::errc::address_not_available);
    }
    CHECK(!second.bind("no such host"));
    const std::uint16_t nobody = [] {
      weft::socket gone;
      or_throw(gone.bind("127.0.0.1"));
      return port_of(gone);
    }();
    CHECK(error_of(second.connect("127.0.0.1", nobody)) == std::errc::connection_refused);
    CHECK(error_of(weft::socket::open(socket_domain::ipv4, socket_type::stream, 17)) ==
          std::errc::protocol_not_supported);
    CHECK_THROWS_AS(weft::socket(socket_domain::ipv4, socket_type::raw), std::system_error);
  });
}

TEST_CASE("a socket that is connected, or listens, cannot be connected elsewhere [row 153]") {
  in_io([] {
    weft::socket server;
    or_throw(server.bind("127.0.0.1"));
    or_throw(server.listen());
    weft::socket other;
    or_throw(other.bind("127.0.0.1"));
    or_throw(other.listen());
    weft::socket client;
    or_throw(client.connect("127.0.0.1", port_of(server)));
    const weft::socket accepted = or_throw(server.accept());
    const auto peer = or_throw(client.peer_address());

    const std::error_code elsewhere = error_of(client.connect("127.0.0.1", port_of(other)));
    CHECK(elsewhere == std::errc::already_connected);
    CHECK(explain(elsewhere).starts_with("connect 127.0.0.1:"));
    CHECK(error_of(client.connect("127.0.0.1", port_of(server))) == std::errc::already_connected);
    CHECK(error_of(server.connect("127.0.0.1", port_of(other))) == std::errc::already_connected);

    CHECK(or_throw(client.peer_address()) == peer);
    CHECK(client.send("still there") == 11);
    CHECK(or_throw(accepted.recv(100)) == "still there");
  });
}

TEST_CASE("a raw socket sends and receives whole packets [row 106]") {
  in_io([] {
    constexpr int icmp = 1;
    const auto opened = weft::socket::open(socket_domain::ipv4, socket_type::raw, icmp);
    if (!opened) {
      CHECK(error_of(opened) == raw::error_of_raw_sockets);
      CHECK(explain(error_of(opened)).find("raw sockets need ") != std::string::npos);
      return;
    }
    // An echo request without data: type 8, code 0, its checksum, identity 1, number 1.
    const std::array<unsigned char, 8> request{8, 0, 0xf7, 0xfd, 0, 1, 0, 1};
    CHECK(opened->sendto(std::as_bytes(std::span(request)), "127.0.0.1") == request.size());
    std::array<std::byte, 128> packet;
    timeout_scope limit(promptly);
    for (;;) {
      const auto got = or_throw(opened->recvfrom(packet));
      REQUIRE(got.size >= 28);
      if (packet[20] == std::byte{0} && packet[25] == std::byte{1}) {
        CHECK(std::get<endpoint>(got.from).address() == ip_address::loopback_v4());
        break;
      }
    }
  });
}

TEST_CASE("a raw socket of IPv6 sends and receives what packets carry [row 106]" *
          doctest::skip(!raw::has_raw_v6_sockets)) {
  in_io([] {
    constexpr int icmp_v6 = 58;
    const auto opened = weft::socket::open(socket_domain::ipv6, socket_type::raw, icmp_v6);
    if (!opened) {
      CHECK(error_of(opened) == raw::error_of_raw_sockets);
      return;
    }
    if (!has_v6()) {
      return;
    }
    // An echo request: type 128, code 0, a checksum that the system fills in, identity 2, number 1.
    const std::array<unsigned char, 8> request{128, 0, 0, 0, 0, 2, 0, 1};
    CHECK(opened->sendto(std::as_bytes(std::span(request)), "::1") == request.size());
    std::array<std::byte, 128> message;
    timeout_scope limit(promptly);
    for (;;) {
      const auto got = or_throw(opened->recvfrom(message));
      REQUIRE(got.size >= 8);
      if (message[0] == std::byte{129} && message[5] == std::byte{2}) {
        CHECK(std::get<endpoint>(got.from).address() == ip_address::loopback_v6());
        break;
      }
    }
  });
}

}  // namespace weft::testing
