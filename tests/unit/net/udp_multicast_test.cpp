#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <raw_calls.hpp>
#include <raw_interfaces.hpp>

#include <weft/net/address_errc.hpp>
#include <weft/net/udp.hpp>

#include "support/ends_of_wait.hpp"

namespace weft::testing {

namespace {

constexpr ip_address group = ip_address::v4(239, 255, 87, 1);
constexpr ip_address group_v6 = ip_address::v6({0xff01, 0, 0, 0, 0, 0, 0x5745, 0x4654});
constexpr ip_address here = ip_address::loopback_v4();
constexpr auto would_block = std::errc::operation_would_block;

multicast_interface loopback_interface() {
  return multicast_interface::by_index(raw::loopback_index());
}

std::vector<multicast_interface> names_of_loopback() {
  std::vector<multicast_interface> names{multicast_interface(here)};
  if (raw::has_groups_by_index) {
    names.push_back(loopback_interface());
  }
  return names;
}

/// A receiver of whatever arrives at a port of its own.
udp_socket listener_on(ip_family family) {
  return or_throw(
      udp_socket::bind(family == ip_family::v4 ? endpoint::any_v4(0) : endpoint::any_v6(0),
                       {.reuse_address = true}));
}

endpoint at(const ip_address& address, const udp_socket& listener) {
  return {address, listener.local_endpoint()->port()};
}

udp_socket sender_v4() {
  auto made = or_throw(udp_socket::bind("127.0.0.1:0"));
  or_throw(made.set_multicast_interface(here));
  return made;
}

/// An interface of this machine that is made for groups, unlike the loopback interface; or none.
std::optional<multicast_interface> real_interface() {
  const std::uint32_t index = raw::index_for_groups();
  return index == 0 ? std::nullopt : std::optional(multicast_interface::by_index(index));
}

/// Sends to IPv6 groups of this machine only; none where no interface can.
std::optional<udp_socket> sender_v6(const multicast_interface& through) {
  auto made = udp_socket::bind("[::]:0");
  if (!made || !made->set_multicast_interface(through) ||
      !made->send_to("probe", {group_v6.with_scope_id(through.index()), 9})) {
    return {};
  }
  return std::move(*made);
}

std::string receive_text(const udp_socket& socket) {
  std::string text(64, '\0');
  timeout_scope limit(promptly);
  text.resize(or_throw(socket.receive(std::as_writable_bytes(std::span(text)))));
  return text;
}

/// Whether the receiver gets what is sent to the group. What is sent to it alone comes in any case.
bool reaches(const udp_socket& sender, const ip_address& to, const udp_socket& listener) {
  const bool v4 = to.is_v4();
  or_throw(sender.send_to("group", at(to, listener)));
  or_throw(sender.send_to(
      "direct", at(v4 ? ip_address::loopback_v4() : ip_address::loopback_v6(), listener)));
  if (receive_text(listener) == "group") {
    CHECK(receive_text(listener) == "direct");
    return true;
  }
  // They may have overtaken each other on different processors.
  timeout_scope limit(20ms);
  std::array<std::byte, 16> late;
  return listener.receive(late).has_value();
}

}  // namespace

TEST_CASE("a member of an IPv4 group gets what is sent to it, until it leaves [row 103]") {
  in_io([] {
    const udp_socket sender = sender_v4();
    CHECK(or_throw(sender.multicast_interface_used()).address() == here);
    for (const multicast_interface& through : names_of_loopback()) {
      const udp_socket listener = listener_on(ip_family::v4);
      CHECK(listener.join(group, through));
      CHECK(error_of(listener.join(group, through)) == std::errc::address_in_use);
      CHECK(reaches(sender, group, listener));
      CHECK(listener.leave(group, through));
      CHECK(!reaches(sender, group, listener));
      CHECK(error_of(listener.leave(group, through)) == raw::error_of_not_joined);
    }
  });
}

TEST_CASE("a member of an IPv6 group gets what is sent to it, until it leaves [row 103]" *
          doctest::skip(!raw::has_groups_by_index)) {
  in_io([] {
    const auto through = real_interface().value_or(loopback_interface());
    const auto sender = sender_v6(through);
    if (!sender) {
      return;
    }
    CHECK(sender->multicast_interface_used() == through);
    const udp_socket listener = listener_on(ip_family::v6);
    const ip_address scoped = group_v6.with_scope_id(through.index());
    CHECK(listener.join(group_v6, through));
    CHECK(reaches(*sender, scoped, listener));
    CHECK(listener.leave(group_v6, through));
    CHECK(!reaches(*sender, scoped, listener));

    CHECK(listener.join(scoped));  // the scope names the interface
    CHECK(reaches(*sender, scoped, listener));
    CHECK(listener.leave(scoped));
  });
}

TEST_CASE("every member gets what is sent [row 103]") {
  in_io([] {
    const udp_socket sender = sender_v4();
    const udp_socket first = listener_on(ip_family::v4);
    const udp_socket second =
        or_throw(udp_socket::bind(*first.local_endpoint(), {.reuse_address = true}));
    CHECK(first.join(group, here));
    CHECK(second.join(group, here));
    CHECK(sender.send_to("to both", at(group, first)));
    CHECK(receive_text(first) == "to both");
    CHECK(receive_text(second) == "to both");
  });
}

TEST_CASE("nobody gets what is sent to groups that others have joined [row 103]" *
          doctest::skip(!raw::keeps_groups_apart)) {
  in_io([] {
    const udp_socket sender = sender_v4();
    const udp_socket elsewhere = listener_on(ip_family::v4);
    CHECK(elsewhere.join(ip_address::v4(239, 255, 87, 2), here));
    const udp_socket member =
        or_throw(udp_socket::bind(*elsewhere.local_endpoint(), {.reuse_address = true}));
    CHECK(member.join(group, here));
    CHECK(sender.send_to("to one", at(group, elsewhere)));
    CHECK(receive_text(member) == "to one");
    CHECK(sender.send_to("to the other", at(ip_address::v4(239, 255, 87, 2), elsewhere)));
    CHECK(receive_text(elsewhere) == "to the other");
  });
}

TEST_CASE("members on the sender's machine get what it sends only if it loops back [row 103]" *
          doctest::skip(!raw::has_groups_by_index)) {
  in_io([] {
    const auto through = real_interface();
    if (!through) {
      return;
    }
    const udp_socket sender = or_throw(udp_socket::bind(":0"));
    CHECK(sender.set_multicast_interface(*through));
    CHECK(sender.set_multicast_ttl(0));  // it leaves this machine in no case
    const udp_socket listener = listener_on(ip_family::v4);
    CHECK(listener.join(group, *through));
    CHECK(reaches(sender, group, listener));
    CHECK(sender.set_multicast_loop(false));
    CHECK(!reaches(sender, group, listener));
  });
}

TEST_CASE("a member may choose by whom it is addressed [row 103]" *
          doctest::skip(!raw::has_many_loopback_addresses)) {
  in_io([] {
    const udp_socket sender = sender_v4();
    const auto other = or_throw(udp_socket::bind("127.0.0.2:0"));
    CHECK(other.set_multicast_interface(here));
    for (const multicast_interface& through : names_of_loopback()) {
      const udp_socket listener = listener_on(ip_family::v4);
      CHECK(listener.join_source(group, here, through));
      CHECK(!reaches(other, group, listener));
      CHECK(reaches(sender, group, listener));
      CHECK(listener.leave_source(group, here, through));
      CHECK(!reaches(sender, group, listener));

      CHECK(listener.join(group, through));
      CHECK(listener.block_source(group, here, through));
      CHECK(!reaches(sender, group, listener));
      CHECK(reaches(other, group, listener));
      CHECK(listener.unblock_source(group, here, through));
      CHECK(reaches(sender, group, listener));
    }
  });
}

TEST_CASE("a member of an IPv6 group may choose its source, too [row 103]" *
          doctest::skip(!raw::has_groups_by_index)) {
  in_io([] {
    const auto through = real_interface().value_or(loopback_interface());
    const auto sender = sender_v6(through);
    if (!sender) {
      return;
    }
    const udp_socket listener = listener_on(ip_family::v6);
    const ip_address scoped = group_v6.with_scope_id(through.index());
    CHECK(listener.join(group_v6, through));
    CHECK(sender->send_to("who am I?", at(scoped, listener)));
    std::array<std::byte, 16> buffer;
    const ip_address source = or_throw(listener.receive_from(buffer)).from.address();
    CHECK(listener.leave(group_v6, through));

    const ip_address stranger = ip_address::v6({0x2001, 0xdb8, 0, 0, 0, 0, 0, 1});
    CHECK(listener.join_source(group_v6, stranger, through));
    CHECK(!reaches(*sender, scoped, listener));
    CHECK(listener.join_source(group_v6, source, through));
    CHECK(reaches(*sender, scoped, listener));
    CHECK(listener.leave_source(group_v6, source, through));
    CHECK(!reaches(*sender, scoped, listener));
  });
}

TEST_CASE("a group that is none, or not of this family, is refused") {
  in_io([] {
    const udp_socket listener = listener_on(ip_family::v4);
    const auto invalid = std::errc::invalid_argument;
    CHECK(error_of(listener.join(ip_address::v4(192, 0, 2, 1))) == invalid);
    CHECK(error_of(listener.join(group, ip_address::loopback_v6())) == invalid);
    CHECK(error_of(listener.join_source(group, ip_address::loopback_v6())) == invalid);
    CHECK(!listener.join(group_v6, loopback_interface()));
    if (raw::has_groups_by_index) {
      CHECK(error_of(listener.join(group, multicast_interface::by_index(99'999))) ==
            std::errc::no_such_device);
    }
    CHECK(error_of(listener.set_multicast_interface(ip_address::loopback_v6())) == invalid);
    if (raw::has_short_interface_names) {
      CHECK(multicast_interface::by_name("lo") == loopback_interface());
    }
    CHECK(error_of(multicast_interface::by_name("no-such-if")) == address_errc::unknown_interface);
    const udp_socket six = listener_on(ip_family::v6);
    CHECK(error_of(six.set_multicast_interface(here)) == invalid);
    std::array<std::byte, 8> buffer;
    CHECK(error_of(listener.try_receive(buffer)) == would_block);
  });
}

}  // namespace weft::testing
