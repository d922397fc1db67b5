#include <array>
#include <chrono>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <raw_interfaces.hpp>
#include <support/emulator.hpp>

#include <weft/net/udp.hpp>

#include "support/ends_of_wait.hpp"
#include "support/raw_sockets.hpp"
#include "support/udp_fixture.hpp"

namespace weft::testing {

namespace {

const udp_reports everything{
    .destination = true, .tos = true, .ttl = true, .timestamp = raw::tells_times};

/// Sockets of both families that this machine has.
template <class F>
void with_each_family(F f) {
  in_io([&f] {
    for (const char* text : {"127.0.0.1:0", "[::1]:0"}) {
      if (const auto socket = udp_socket::bind(text)) {
        f(*socket, bound(text));
      }
    }
  });
}

}  // namespace

TEST_CASE("a message comes with the control data that was asked for, and no other [row 104]") {
  with_each_family([](const udp_socket& receiver, const udp_socket& sender) {
    std::array<std::byte, 64> buffer;
    CHECK(sender.send_to("plain", where(receiver)));
    const auto plain = or_throw(receiver.receive_message(buffer));
    CHECK(plain.size == 5);
    CHECK(plain.from == where(sender));
    CHECK(!plain.destination);
    CHECK(!plain.tos);
    CHECK(!plain.ttl);
    CHECK(!plain.timestamp);
    CHECK(plain.interface_index == 0);
    CHECK(plain.segment_size == 0);

    CHECK(receiver.set_reports(everything));
    CHECK((receiver.reports() == everything || under_qemu()));  // which tells no IP_RECVTTL
    const auto before = std::chrono::system_clock::now();
    if (raw::sends_control_data) {
      CHECK(sender.send_message(
          bytes_of("told"),
          {.to = where(receiver), .tos = std::uint8_t{0x2a}, .ttl = std::uint8_t{33}}));
    } else {
      CHECK(sender.set_ttl(33));
      CHECK(sender.send_message(bytes_of("told"), {.to = where(receiver)}));
    }
    const auto told = or_throw(receiver.receive_message(buffer));
    CHECK(told.size == 4);
    CHECK(told.destination == where(receiver).address());
    CHECK(told.interface_index == raw::loopback_index());
    CHECK(told.tos == (raw::sends_control_data ? 0x2a : 0));
    CHECK(told.ttl == 33);
    REQUIRE(told.timestamp.has_value() == raw::tells_times);
    CHECK(told.timestamp.value_or(before) > before - std::chrono::minutes(1));
    CHECK(told.timestamp.value_or(before) < before + std::chrono::minutes(1));
    CHECK(!told.truncated);
    CHECK(!told.control_truncated);

    CHECK(receiver.set_reports({}));
    CHECK(receiver.reports() == udp_reports());
    CHECK(sender.send_to("plain", where(receiver)));
    CHECK(!or_throw(receiver.receive_message(buffer)).ttl);
  });
}

TEST_CASE("the ECN field travels both ways on a connected pair [row 104]" *
          doctest::skip(!raw::sends_control_data)) {
  with_each_family([](const udp_socket& receiver, const udp_socket& sender) {
    CHECK(receiver.set_reports({.tos = true}));
    CHECK(sender.connect(where(receiver)));
    std::array<std::byte, 8> buffer;
    for (std::uint8_t ecn = 0; ecn < 4; ++ecn) {
      CHECK(sender.send_message(bytes_of("ecn"), {.tos = ecn}));
      CHECK(or_throw(receiver.receive_message(buffer)).tos == ecn);
    }
  });
}

TEST_CASE("a server on all addresses answers from the one that was asked [row 104]" *
          doctest::skip(!raw::sends_control_data)) {
  in_io([] {
    const udp_socket server = bound(":0");
    CHECK(server.set_reports({.destination = true}));
    const udp_socket client = bound();
    const endpoint asked(ip_address::v4(127, 0, 0, 5), where(server).port());
    CHECK(client.send_to("hello?", asked));
    std::array<std::byte, 16> buffer;
    const auto request = or_throw(server.receive_message(buffer));
    CHECK(request.destination == asked.address());
    CHECK(server.send_message(bytes_of("hello"), {.to = request.from,
                                                  .source = request.destination,
                                                  .interface_index = request.interface_index}));
    CHECK(or_throw(client.receive_from(buffer)).from == asked);
  });
}

TEST_CASE("an IPv6 socket reports and sets the same for the IPv4 it carries [row 104]" *
          doctest::skip(!raw::sends_control_data)) {
  in_io([] {
    if (!udp_socket::bind("[::1]:0")) {
      return;
    }
    const udp_socket both = bound("[::]:0");
    const udp_socket four = bound();
    CHECK(both.set_reports(everything));
    CHECK(four.set_reports(everything));
    CHECK(four.send_message(bytes_of("up"), {.to = endpoint::loopback_v4(where(both).port()),
                                             .tos = std::uint8_t{0x2a},
                                             .ttl = std::uint8_t{12}}));
    std::array<std::byte, 8> buffer;
    const auto up = or_throw(both.receive_message(buffer));
    CHECK(up.destination->unmapped() == ip_address::loopback_v4());
    CHECK(up.tos == 0x2a);
    CHECK((up.ttl == 12 || under_qemu()));
    CHECK(!up.control_truncated);
    CHECK(both.send_message(bytes_of("down"), {.to = up.from,
                                               .source = ip_address::v4(127, 0, 0, 9),
                                               .tos = std::uint8_t{0x14},
                                               .ttl = std::uint8_t{13}}));
    const auto down = or_throw(four.receive_message(buffer));
    CHECK(down.from.address() == ip_address::v4(127, 0, 0, 9));
    CHECK(down.tos == 0x14);
    CHECK(down.ttl == 13);
    CHECK(error_of(four.send_message(bytes_of("no"), {.to = where(both).with_port(9),
                                                      .source = ip_address::loopback_v4()})) ==
          std::errc::invalid_argument);
  });
}

TEST_CASE("messages are scattered and gathered, and truncation is told [row 104]") {
  in_io([] {
    const udp_socket receiver = bound();
    const udp_socket sender = bound();
    const std::array<std::span<const std::byte>, 3> parts{bytes_of("ab"), bytes_of("cde"),
                                                          bytes_of("fgh")};
    for (int i = 0; i < 2; ++i) {
      CHECK(sender.send_message(parts, {.to = where(receiver)}));
    }
    std::string head(3, '.');
    std::string tail(9, '.');
    const std::array<std::span<std::byte>, 2> buffers{bytes_of(head), bytes_of(tail)};
    const auto whole = or_throw(receiver.receive_message(buffers));
    CHECK(whole.size == 8);
    CHECK(head + tail == "abcdefgh....");
    CHECK(!whole.truncated);
    const auto cut = or_throw(receiver.receive_message(bytes_of(head)));
    CHECK(cut.size == 3);
    CHECK(cut.truncated);
  });
}

TEST_CASE("the message calls give up as they should [row 104]") {
  in_io([] {
    std::array<std::byte, 8> buffer;
    udp_socket socket = bound();
    check_ends_of_wait([&] { return socket.receive_message(buffer); }, [&] { socket.close(); });
    CHECK(error_of(socket.send_message(bytes_of("no"), {.to = where(bound())})) == errc::closed);
    cancel_scope ended;
    ended.cancel();
    const udp_socket other = bound();
    CHECK(error_of(other.send_message(bytes_of("no"), {.to = where(other)})) ==
          errc::operation_canceled);
  });
}

TEST_CASE("one call sends many datagrams of a size [row B15]") {
  with_each_family([](const udp_socket& receiver, const udp_socket& sender) {
    const std::string data(1050, 'd');
    const auto sent = sender.send_message(bytes_of(std::string_view(data)),
                                          {.to = where(receiver), .segment_size = 100});
    if (!sent) {
      CHECK(error_of(sent) == std::errc::operation_not_supported);
      return;
    }
    std::array<std::byte, 2000> buffer;
    for (int i = 0; i < 10; ++i) {
      CHECK(receiver.receive(buffer) == 100);
    }
    CHECK(receiver.receive(buffer) == 50);

    CHECK(sender.set_segment_size(500));
    CHECK(sender.send_to(data, where(receiver)));
    CHECK(receiver.receive(buffer) == 500);
    CHECK(receiver.receive(buffer) == 500);
    CHECK(receiver.receive(buffer) == 50);
  });
}

TEST_CASE("one call receives many datagrams of a size, and tells it [row B15]") {
  with_each_family([](const udp_socket& receiver, const udp_socket& sender) {
    if (!receiver.set_receive_offload(true)) {
      return;
    }
    const std::string data(1050, 'd');
    CHECK(sender.send_message(bytes_of(std::string_view(data)),
                              {.to = where(receiver), .segment_size = 100}));
    std::vector<std::byte> buffer(65'536);
    const auto got = or_throw(receiver.receive_message(buffer));
    CHECK(got.size == 1050);
    CHECK(got.segment_size == 100);

    CHECK(sender.send_to("alone", where(receiver)));
    const auto alone = or_throw(receiver.receive_message(buffer));
    CHECK(alone.size == 5);
    CHECK(alone.segment_size == 0);
  });
}

}  // namespace weft::testing
