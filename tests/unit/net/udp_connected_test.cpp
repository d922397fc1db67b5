#include <array>
#include <string>
#include <thread>

#include <doctest/doctest.h>

#include <weft/net/udp.hpp>

#include "support/ends_of_wait.hpp"
#include "support/raw_sockets.hpp"
#include "support/udp_fixture.hpp"

namespace weft::testing {

namespace {

constexpr auto would_block = std::errc::operation_would_block;

}  // namespace

TEST_CASE("a connected socket sends to its peer and hears nobody else [row 101]") {
  in_io([] {
    const couple both;
    const udp_socket stranger = bound();
    CHECK(stranger.send_to("psst", where(both.two)));
    CHECK(both.one.send("to my peer"));
    CHECK(receive_text(both.two) == "to my peer");
    CHECK(both.one.peer_endpoint() == where(both.two));

    if (!raw::keeps_port_without_peer) {
      return;
    }
    CHECK(both.two.disconnect());
    CHECK(error_of(both.two.peer_endpoint()) == std::errc::not_connected);
    CHECK(error_of(both.two.send("to whom?")) == std::errc::destination_address_required);
    CHECK(stranger.send_to("psst", where(both.two)));
    CHECK(receive_text(both.two) == "psst");
    CHECK(both.two.disconnect());
  });
}

TEST_CASE("a socket that forgets its peer keeps its port [row 101]") {
  in_io([] {
    if (!raw::keeps_port_without_peer) {
      return;
    }
    const couple both;
    const endpoint before = where(both.one);
    CHECK(both.one.disconnect());
    CHECK(where(both.one) == before);

    const udp_socket client = or_throw(udp_socket::unbound(ip_family::v4));
    CHECK(client.connect(where(both.two)));
    const endpoint chosen = where(client);
    CHECK(chosen.address() == ip_address::loopback_v4());
    CHECK(client.disconnect());
    CHECK(where(client) == endpoint::any_v4(chosen.port()));
  });
}

TEST_CASE("a connected socket hears that nobody listens, once, and works on [row 101]") {
  in_io([] {
    if (!raw::hears_of_refusals) {
      return;
    }
    const udp_socket client = bound();
    endpoint nobody;
    {
      nobody = where(bound());
    }
    CHECK(client.connect(nobody));
    CHECK(client.send("anyone?"));
    std::array<std::byte, 8> buffer;
    CHECK(error_of(client.receive(buffer)) == std::errc::connection_refused);
    const udp_socket server = or_throw(udp_socket::bind(nobody));
    CHECK(client.send("anyone?"));
    CHECK(receive_text(server) == "anyone?");

    CHECK(client.take_error() == std::error_code());
  });
}

TEST_CASE("take_error() tells what a datagram has met with") {
  in_io([] {
    if (!raw::hears_of_refusals) {
      return;
    }
    const udp_socket client = bound();
    CHECK(client.connect(where(bound())));
    CHECK(client.send("anyone?"));
    CHECK(client.readable());
    CHECK(or_throw(client.take_error()) == std::errc::connection_refused);
    CHECK(client.take_error() == std::error_code());
  });
}

TEST_CASE("peeking leaves the datagram where it is [row 102]") {
  in_io([] {
    const couple both;
    std::array<std::byte, 4> buffer;
    CHECK(error_of(both.two.try_peek(buffer)) == would_block);
    CHECK(error_of(both.two.try_peek_from(buffer)) == would_block);
    CHECK(both.one.send("a long one"));
    const auto seen = or_throw(both.two.peek_from(buffer));
    CHECK(seen.size == 4);
    CHECK(seen.truncated);
    CHECK(seen.from == where(both.one));
    CHECK(both.two.peek(buffer) == 4);
    CHECK(both.two.try_peek(buffer) == 4);
    CHECK(or_throw(both.two.try_peek_from(buffer)).size == 4);
    CHECK(receive_text(both.two) == "a long one");
  });
}

TEST_CASE("the try forms never wait, need no runtime and mind no cancelled scope [row 102]") {
  in_io([] {
    const couple both;
    std::array<std::byte, 8> buffer;
    cancel_scope ended;
    ended.cancel();
    CHECK(error_of(both.two.try_receive(buffer)) == would_block);
    CHECK(error_of(both.two.try_receive_from(buffer)) == would_block);
    CHECK(both.one.try_send(bytes_of("one")));
    std::thread([&] { CHECK(both.one.try_send(bytes_of("two"))); }).join();
    CHECK(both.two.try_receive(buffer) == 3);
    CHECK(or_throw(both.two.try_receive_from(buffer)).from == where(both.one));
    if (raw::keeps_port_without_peer) {
      CHECK(both.one.disconnect());
      CHECK(both.one.try_send_to(bytes_of("three"), where(both.two)));
      CHECK(both.two.try_receive(buffer) == 5);
    }
  });
}

}  // namespace weft::testing
