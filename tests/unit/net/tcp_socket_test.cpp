#include <utility>

#include <doctest/doctest.h>

#include <weft/net/tcp_socket.hpp>

#include "support/tcp_fixture.hpp"

namespace weft::testing {

TEST_CASE("a socket is set up, bound, and listens, step by step [row 91]") {
  in_io([] {
    auto socket = or_throw(tcp_socket::open_v4());
    CHECK(socket.set_reuse_address(true));
    CHECK(socket.set_no_delay(true));
    CHECK(socket.set_ttl(44));
    if (raw::has_all_options) {
      CHECK(socket.set_reuse_port(true));
      CHECK(socket.set_interface("lo"));
      CHECK(socket.set_fast_open_queue(3));
      CHECK(socket.set_defer_accept(0s));
    }
    CHECK(socket.bind(endpoint::loopback_v4(0)));
    const endpoint where = or_throw(socket.local_endpoint());
    CHECK(where.port() != 0);
    const auto listener = or_throw(std::move(socket).listen(8));
    CHECK(!socket.is_open());  // NOLINT(bugprone-use-after-move)
    CHECK(listener.local_endpoint() == where);
    CHECK(listener.ttl() == 44);
    if (raw::has_all_options) {
      CHECK(listener.reuse_port() == true);
      CHECK(listener.fast_open_queue() == 3);
    }
    const connection both = connect_to(listener);
    CHECK(both.server.ttl() == 44);
    CHECK(carries_data(both));
  });
}

TEST_CASE("a socket is set up, bound and connected, step by step [row 91] [row 92]") {
  in_io([] {
    const auto listener = or_throw(listen("127.0.0.1:0"));
    auto socket = or_throw(tcp_socket::open_for(*listener.local_endpoint()));
    if (raw::has_all_options) {
      CHECK(socket.set_late_source_port(true));
      CHECK(socket.set_fast_open(false));
    }
    CHECK(socket.bind(endpoint(ip_address::v4(127, 0, 0, 7), 0)));
    auto client = or_throw(std::move(socket).connect(*listener.local_endpoint()));
    CHECK(!socket.is_open());  // NOLINT(bugprone-use-after-move)
    const connection both{std::move(client), or_throw(listener.accept())};
    CHECK(both.server.peer_endpoint()->address() == ip_address::v4(127, 0, 0, 7));
    CHECK(carries_data(both));
  });
}

TEST_CASE("an IPv6 socket is set up step by step") {
  in_io([] {
    if (!has_v6()) {
      return;
    }
    auto socket = or_throw(tcp_socket::open_v6());
    CHECK(socket.set_v6_only(true));
    CHECK(socket.v6_only() == true);
    CHECK(socket.bind(endpoint::loopback_v6(0)));
    CHECK(carries_data(connect_to(or_throw(std::move(socket).listen()))));
  });
}

TEST_CASE("a step that fails leaves the socket; a closed one says so") {
  in_io([] {
    const auto taken = or_throw(listen("127.0.0.1:0"));
    auto socket = or_throw(tcp_socket::open_v4());
    CHECK(error_of(socket.bind(*taken.local_endpoint())) == std::errc::address_in_use);
    CHECK(socket.bind(endpoint::loopback_v4(0)));
    CHECK(error_of(socket.bind(endpoint::loopback_v4(0))) == std::errc::invalid_argument);
    CHECK(or_throw(std::move(socket).listen()).is_open());

    tcp_socket closed;
    CHECK(error_of(closed.bind(endpoint::loopback_v4(0))) == errc::closed);
    CHECK(error_of(closed.set_ttl(1)) == errc::closed);
    CHECK(error_of(std::move(closed).listen()) == errc::closed);
    auto other = or_throw(tcp_socket::open_v4());
    other.close();
    CHECK(error_of(std::move(other).connect(*taken.local_endpoint())) == errc::closed);
  });
}

TEST_CASE("a listener is adopted from a native handle, and given up again [row 138]") {
  in_io([] {
    sockaddr_in address = loopback();
    auto listener = tcp_listener::from(adopt(raw_listener(address, 4)));
    CHECK(listener.local_endpoint()->port() == ntohs(address.sin_port));
    CHECK(carries_data(connect_to(listener)));
    const raw_handle given(listener.release());
    CHECK(!listener.is_open());
    CHECK(error_of(listener.accept()) == errc::closed);
    const raw_handle client = raw_connection(address);
    const raw_handle server(raw::accept(given.get()));
    CHECK(server.get() >= 0);
  });
}

TEST_CASE("accept() says who the peer is, even if it has gone by then") {
  in_io([] {
    if (!raw::accepts_what_has_ended) {
      return;
    }
    const auto listener = or_throw(listen("127.0.0.1:0"));
    endpoint expected;
    {
      const auto client = or_throw(connect(*listener.local_endpoint()));
      expected = or_throw(client.local_endpoint());
      CHECK(client.set_linger(0s));
    }
    endpoint peer;
    const auto server = or_throw(listener.accept(peer));
    CHECK(peer == expected);
    CHECK(error_of(server.peer_endpoint()) == std::errc::not_connected);
  });
}

}  // namespace weft::testing
