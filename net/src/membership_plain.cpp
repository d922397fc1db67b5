#include <cstring>

#include <netinet/in.h>
#include <sys/socket.h>

#include <weft/net/native_endpoint.hpp>

#include "membership.hpp"
#include "socket_option.hpp"

/// NetBSD and OpenBSD: groups without sources, and IPv4 interfaces by address only.
namespace weft::detail {

namespace {

std::unexpected<std::error_code> not_supported() noexcept {
  return fail(std::make_error_code(std::errc::operation_not_supported));
}

in_addr native(const ip_address& v4) noexcept {
  in_addr made;
  std::memcpy(&made, v4.octets().data(), sizeof made);
  return made;
}

result<void> change_v6(const io::descriptor& socket, bool join, const ip_address& group,
                       std::uint32_t interface) noexcept {
  ipv6_mreq request{};
  std::memcpy(&request.ipv6mr_multiaddr, group.octets().data(), sizeof request.ipv6mr_multiaddr);
  request.ipv6mr_interface = interface != 0 ? interface : group.scope_id();
  return set_value(socket, {IPPROTO_IPV6, join ? IPV6_JOIN_GROUP : IPV6_LEAVE_GROUP}, request);
}

}  // namespace

result<void> change_membership(const io::descriptor& socket, membership wanted,
                               const ip_address& group,
                               const multicast_interface& through) noexcept {
  const bool join = wanted == membership::joined;
  if (group.is_v6()) {
    return change_v6(socket, join, group, through.index());
  }
  if (through.index() != 0) {
    return not_supported();
  }
  ip_mreq request{};
  request.imr_multiaddr = native(group);
  request.imr_interface = native(through.address());
  return set_value(socket, {IPPROTO_IP, join ? IP_ADD_MEMBERSHIP : IP_DROP_MEMBERSHIP}, request);
}

result<void> change_source(const io::descriptor&, membership, const ip_address&, const ip_address&,
                           const multicast_interface&) noexcept {
  return not_supported();
}

result<void> set_interface_v4(const io::descriptor& socket,
                              const multicast_interface& through) noexcept {
  return through.index() != 0
             ? not_supported()
             : set_value(socket, {IPPROTO_IP, IP_MULTICAST_IF}, native(through.address()));
}

}  // namespace weft::detail
