#include "membership.hpp"

#include <cstring>

#include <netinet/in.h>
#include <sys/socket.h>

#include <weft/net/native_endpoint.hpp>

#include "socket_option.hpp"

/// Groups are joined and left by the calls that take an interface's index and serve both protocols
/// (RFC 3678), except where an IPv4 interface is named by its address: those calls cannot say that.
namespace weft::detail {

namespace {

in_addr native(const ip_address& v4) noexcept {
  in_addr made;
  std::memcpy(&made, v4.octets().data(), sizeof made);
  return made;
}

void put(sockaddr_storage& at, const ip_address& address) noexcept {
  const native_endpoint form(endpoint(address, 0));
  std::memcpy(&at, form.data(), form.size());
}

/// The numbers of the two forms of a call.
struct action {
  int by_index;
  int by_address;
};

constexpr action call_for(membership wanted) noexcept {
  switch (wanted) {
    case membership::joined:
      return {MCAST_JOIN_GROUP, IP_ADD_MEMBERSHIP};
    case membership::left:
      return {MCAST_LEAVE_GROUP, IP_DROP_MEMBERSHIP};
    case membership::source_joined:
      return {MCAST_JOIN_SOURCE_GROUP, IP_ADD_SOURCE_MEMBERSHIP};
    case membership::source_left:
      return {MCAST_LEAVE_SOURCE_GROUP, IP_DROP_SOURCE_MEMBERSHIP};
    case membership::source_blocked:
      return {MCAST_BLOCK_SOURCE, IP_BLOCK_SOURCE};
    case membership::source_unblocked:
      break;
  }
  return {MCAST_UNBLOCK_SOURCE, IP_UNBLOCK_SOURCE};
}

bool is_by_address(const multicast_interface& through) noexcept {
  return !through.address().is_unspecified();
}

/// The interface's index: the one that was given, else the one in whose scope the group is meant.
std::uint32_t index_of(const ip_address& group, const multicast_interface& through) noexcept {
  return through.index() != 0 ? through.index() : group.scope_id();
}

int level_of(const ip_address& group) noexcept {
  return group.is_v4() ? IPPROTO_IP : IPPROTO_IPV6;
}

}  // namespace

result<void> change_membership(const io::descriptor& socket, membership wanted,
                               const ip_address& group,
                               const multicast_interface& through) noexcept {
  const action call = call_for(wanted);
  if (is_by_address(through)) {
    ip_mreq request{};
    request.imr_multiaddr = native(group);
    request.imr_interface = native(through.address());
    return set_value(socket, {IPPROTO_IP, call.by_address}, request);
  }
  group_req request{};
  request.gr_interface = index_of(group, through);
  put(request.gr_group, group);
  return set_value(socket, {level_of(group), call.by_index}, request);
}

result<void> change_source(const io::descriptor& socket, membership wanted, const ip_address& group,
                           const ip_address& source, const multicast_interface& through) noexcept {
  const action call = call_for(wanted);
  if (is_by_address(through)) {
    ip_mreq_source request{};
    request.imr_multiaddr = native(group);
    request.imr_interface = native(through.address());
    request.imr_sourceaddr = native(source);
    return set_value(socket, {IPPROTO_IP, call.by_address}, request);
  }
  group_source_req request{};
  request.gsr_interface = index_of(group, through);
  put(request.gsr_group, group);
  put(request.gsr_source, source);
  return set_value(socket, {level_of(group), call.by_index}, request);
}

result<void> set_interface_v4(const io::descriptor& socket,
                              const multicast_interface& through) noexcept {
  ip_mreqn request{};
  request.imr_address = native(through.address());
  request.imr_ifindex = static_cast<int>(through.index());
  return set_value(socket, {IPPROTO_IP, IP_MULTICAST_IF}, request);
}

}  // namespace weft::detail
