#include <array>
#include <cerrno>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <weft/net/udp.hpp>

#include "failing_call.hpp"
#include "support/raw_sockets.hpp"

/// The system misbehaves under datagram sockets.
namespace weft::testing {

namespace {

udp_socket bound() {
  return or_throw(udp_socket::bind("127.0.0.1:0"));
}

using udp_setter = result<void> (*)(const udp_socket&);

/// Each option of UDP.
constexpr std::array<std::pair<std::string_view, udp_setter>, 11> setters{{
    {"broadcast", [](const udp_socket& s) { return s.set_broadcast(true); }},
    {"ttl", [](const udp_socket& s) { return s.set_ttl(5); }},
    {"tos", [](const udp_socket& s) { return s.set_tos(8); }},
    {"receive buffer", [](const udp_socket& s) { return s.set_receive_buffer(30'000); }},
    {"send buffer", [](const udp_socket& s) { return s.set_send_buffer(30'000); }},
    {"multicast ttl", [](const udp_socket& s) { return s.set_multicast_ttl(5); }},
    {"multicast loop", [](const udp_socket& s) { return s.set_multicast_loop(true); }},
    {"reports", [](const udp_socket& s) { return s.set_reports({.timestamp = true}); }},
    {"segment size", [](const udp_socket& s) { return s.set_segment_size(100); }},
    {"receive offload", [](const udp_socket& s) { return s.set_receive_offload(true); }},
    {"multicast interface",
     [](const udp_socket& s) {
       return s.set_multicast_interface(multicast_interface::by_index(1));
     }},
}};

/// What reading each of them comes to.
std::vector<std::pair<std::string_view, std::error_code>> asked(const udp_socket& s) {
  return {{"reuse address", error_of(s.reuse_address())},
          {"reuse port", error_of(s.reuse_port())},
          {"v6 only", error_of(s.v6_only())},
          {"interface", error_of(s.interface_name())},
          {"broadcast", error_of(s.broadcast())},
          {"ttl", error_of(s.ttl())},
          {"tos", error_of(s.tos())},
          {"receive buffer", error_of(s.receive_buffer())},
          {"send buffer", error_of(s.send_buffer())},
          {"multicast ttl", error_of(s.multicast_ttl())},
          {"multicast loop", error_of(s.multicast_loop())},
          {"reports", error_of(s.reports())},
          {"segment size", error_of(s.segment_size())},
          {"receive offload", error_of(s.receive_offload())}};
}

}  // namespace

// First, because a system that has once said that it can is not asked again.
TEST_CASE("where the system cannot cut data into segments, that is an error [row B15]") {
  in_io([] {
    const udp_socket socket = bound();
    const endpoint here = or_throw(socket.local_endpoint());
    const failing unknown(call::get_option, ENOPROTOOPT);
    CHECK(error_of(socket.send_message(bytes_of("data"), {.to = here, .segment_size = 2})) ==
          std::errc::operation_not_supported);
    CHECK(error_of(socket.receive_offload()) == std::errc::operation_not_supported);
    CHECK(error_of(socket.segment_size()) == std::errc::operation_not_supported);
  });
}

TEST_CASE("an option that the system lacks is not supported, and not passed over [row 103]") {
  in_io([] {
    const udp_socket socket = bound();
    const failing unknown(call::set_option, ENOPROTOOPT);
    const auto lacking = std::errc::operation_not_supported;
    for (const auto& [name, set] : setters) {
      CHECK_MESSAGE(error_of(set(socket)) == lacking, name);
    }
    CHECK(error_of(socket.join(ip_address::v4(239, 1, 2, 3))) == lacking);
    for (const udp_options& options :
         {udp_options{.reuse_address = true}, udp_options{.reuse_port = true},
          udp_options{.broadcast = true}, udp_options{.receive_buffer = 30'000},
          udp_options{.send_buffer = 30'000}, udp_options{.interface = "lo"}}) {
      CHECK(error_of(udp_socket::bind("127.0.0.1:0", options)) == lacking);
    }
    CHECK(error_of(udp_socket::unbound(ip_family::v6)) == lacking);
  });
}

TEST_CASE("an option that the system lacks cannot be read, either [row 103]") {
  in_io([] {
    const udp_socket socket = bound();
    const failing unknown(call::get_option, ENOPROTOOPT);
    for (const auto& [name, error] : asked(socket)) {
      if (name != "reports") {
        CHECK_MESSAGE(error == std::errc::operation_not_supported, name);
      }
    }
    CHECK(or_throw(socket.reports()) == udp_reports{});  // what it cannot report is off
  });
}

TEST_CASE("what sending runs into surfaces as that error, and the socket works on") {
  in_io([] {
    const udp_socket one = bound();
    const udp_socket two = bound();
    const endpoint to = or_throw(two.local_endpoint());
    for (const int error : {ENOBUFS, ENOMEM, ENETUNREACH, EHOSTUNREACH, EPERM, EMSGSIZE}) {
      const failing system(call::send_message, error);
      CHECK(is_errno(error_of(one.send_to("data", to)), error));
      CHECK(is_errno(error_of(one.try_send_to(bytes_of("data"), to)), error));
      CHECK(is_errno(error_of(one.send_message(bytes_of("data"), {.to = to})), error));
      const std::array<udp_parcel, 1> parcels{{{.data = bytes_of("data"), .to = to}}};
      CHECK(is_errno(error_of(one.send_many(parcels)), error));
    }
    CHECK(one.send_to("data", to));
    std::array<std::byte, 8> buffer;
    CHECK(two.receive(buffer) == 4);
    CHECK(error_of(two.try_receive(buffer)) == std::errc::operation_would_block);
  });
}

TEST_CASE("a sender for whose data there is no room waits and tries again") {
  in_io([] {
    const udp_socket one = bound();
    const udp_socket two = bound();
    const endpoint to = or_throw(two.local_endpoint());
    std::array<std::byte, 8> buffer;
    {
      const failing full(call::send_message, EAGAIN, 3);
      CHECK(one.send_to("data", to));
    }
    CHECK(two.receive(buffer) == 4);
    {
      const failing full(call::send_message, EAGAIN, 3);
      CHECK(error_of(one.try_send_to(bytes_of("no"), to)) == std::errc::operation_would_block);
      const std::array<udp_parcel, 2> parcels{
          {{.data = bytes_of("one"), .to = to}, {.data = bytes_of("two"), .to = to}}};
      CHECK(one.send_many(parcels) == 2);
    }
    CHECK(two.receive(buffer) == 3);
    CHECK(two.receive(buffer) == 3);
    CHECK(one.connect(to));
    {
      const failing full(call::send, EAGAIN, 3);
      CHECK(one.send("connected"));
    }
    {
      const failing forever_full(call::send, EAGAIN);
      timeout_scope limit(5ms);
      CHECK(error_of(one.send("no")) == errc::timed_out);
    }
  });
}

TEST_CASE("where many messages cannot be moved at once, they are one by one [row B15]") {
  in_io([] {
    const udp_socket one = bound();
    const udp_socket two = bound();
    const endpoint to = or_throw(two.local_endpoint());
    std::array<udp_parcel, 3> parcels;
    for (udp_parcel& parcel : parcels) {
      parcel = {.data = bytes_of("data"), .to = to};
    }
    {
      const failing lacking(call::send_message, ENOSYS, 1'000'000, 1);
      CHECK(one.send_many(parcels) == 3);
    }
    std::array<std::array<std::byte, 8>, 5> memory;
    std::array<udp_slot, 5> slots;
    for (std::size_t i = 0; i < slots.size(); ++i) {
      slots[i].buffer = memory[i];
    }
    const failing lacking(call::receive_message, ENOSYS, 1'000'000, 1);
    CHECK(two.receive_many(slots) == 3);
    CHECK(slots[2].size == 4);
    CHECK(slots[2].from == or_throw(one.local_endpoint()));
    CHECK(error_of(two.try_receive_many(slots)) == std::errc::operation_would_block);
  });
}

TEST_CASE("interrupted calls are repeated unnoticed") {
  in_io([] {
    const udp_socket one = bound();
    const endpoint here = or_throw(one.local_endpoint());
    std::array<std::byte, 8> buffer;
    const std::array<udp_parcel, 1> parcels{{{.data = bytes_of("data"), .to = here}}};
    {
      const failing interrupted(call::send_message, EINTR, 5);
      CHECK(one.send_many(parcels) == 1);
    }
    std::array<udp_slot, 1> slots{{{.buffer = buffer}}};
    const failing interrupted(call::receive_message, EINTR, 5);
    CHECK(one.receive_many(slots) == 1);
  });
}

}  // namespace weft::testing
