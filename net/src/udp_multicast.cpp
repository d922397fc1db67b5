#include <cstring>

#include <netinet/in.h>
#include <sys/socket.h>

#include <weft/net/address_errc.hpp>
#include <weft/net/native_endpoint.hpp>
#include <weft/net/udp.hpp>

#include "interface_name.hpp"
#include "socket.hpp"
#include "socket_option_names.hpp"

/// Groups are joined and left by the calls that take an interface's index and serve both protocols
/// (RFC 3678), except where an IPv4 interface is named by its address: those calls cannot say that.
namespace weft {

namespace {

std::unexpected<std::error_code> invalid() noexcept {
  return fail(std::make_error_code(std::errc::invalid_argument));
}

in_addr native(const ip_address& v4) noexcept {
  in_addr made;
  std::memcpy(&made, v4.octets().data(), sizeof made);
  return made;
}

void put(sockaddr_storage& at, const ip_address& address) noexcept {
  const native_endpoint form(endpoint(address, 0));
  std::memcpy(&at, form.data(), form.size());
}

/// What is to be done to a membership, and the numbers of its two forms.
struct action {
  int by_index;
  int by_address;
};

constexpr action joining{MCAST_JOIN_GROUP, IP_ADD_MEMBERSHIP};
constexpr action leaving{MCAST_LEAVE_GROUP, IP_DROP_MEMBERSHIP};
constexpr action joining_source{MCAST_JOIN_SOURCE_GROUP, IP_ADD_SOURCE_MEMBERSHIP};
constexpr action leaving_source{MCAST_LEAVE_SOURCE_GROUP, IP_DROP_SOURCE_MEMBERSHIP};
constexpr action blocking{MCAST_BLOCK_SOURCE, IP_BLOCK_SOURCE};
constexpr action unblocking{MCAST_UNBLOCK_SOURCE, IP_UNBLOCK_SOURCE};

bool is_by_address(const multicast_interface& through) noexcept {
  return !through.address().is_unspecified();
}

/// The interface's index: the one that was given, else the one in whose scope the group is meant.
std::uint32_t index_of(const ip_address& group, const multicast_interface& through) noexcept {
  return through.index() != 0 ? through.index() : group.scope_id();
}

/// Whether the system can be asked at all; it takes some nonsense without a word.
bool makes_sense(const ip_address& group, const multicast_interface& through) noexcept {
  return group.is_multicast() && !group.is_v4_mapped() &&
         (!is_by_address(through) || (group.is_v4() && through.address().is_v4()));
}

int level_of(const ip_address& group) noexcept {
  return group.is_v4() ? IPPROTO_IP : IPPROTO_IPV6;
}

result<void> change(const io::descriptor& socket, const action& what, const ip_address& group,
                    const multicast_interface& through) noexcept {
  if (!makes_sense(group, through)) {
    return invalid();
  }
  if (is_by_address(through)) {
    ip_mreqn request{};
    request.imr_multiaddr = native(group);
    request.imr_address = native(through.address());
    return detail::set_value(socket, {IPPROTO_IP, what.by_address}, request);
  }
  group_req request{};
  request.gr_interface = index_of(group, through);
  put(request.gr_group, group);
  return detail::set_value(socket, {level_of(group), what.by_index}, request);
}

result<void> change(const io::descriptor& socket, const action& what, const ip_address& group,
                    const ip_address& source, const multicast_interface& through) noexcept {
  if (!makes_sense(group, through) || source.is_v4() != group.is_v4()) {
    return invalid();
  }
  if (is_by_address(through)) {
    ip_mreq_source request{};
    request.imr_multiaddr = native(group);
    request.imr_interface = native(through.address());
    request.imr_sourceaddr = native(source);
    return detail::set_value(socket, {IPPROTO_IP, what.by_address}, request);
  }
  group_source_req request{};
  request.gsr_interface = index_of(group, through);
  put(request.gsr_group, group);
  put(request.gsr_source, source);
  return detail::set_value(socket, {level_of(group), what.by_index}, request);
}

/// Linux alone hands a socket the groups that others have joined, unless told not to. A system that
/// cannot be told is one that does not, or one too old for anything to be done about it.
void decline_others_groups(const io::descriptor& socket, const ip_address& group) noexcept {
  (void)detail::set_number(
      socket, group.is_v4() ? detail::option::others_groups_v4 : detail::option::others_groups_v6,
      0);
}

}  // namespace

result<multicast_interface> multicast_interface::by_name(std::string_view name) noexcept {
  const std::uint32_t index = detail::interface_index(name);
  if (index == 0) {
    return fail(address_errc::unknown_interface);
  }
  return by_index(index);
}

result<void> udp_socket::join(const ip_address& group,
                              const multicast_interface& through) const noexcept {
  decline_others_groups(descriptor_, group);
  return change(descriptor_, joining, group, through);
}

result<void> udp_socket::leave(const ip_address& group,
                               const multicast_interface& through) const noexcept {
  return change(descriptor_, leaving, group, through);
}

result<void> udp_socket::join_source(const ip_address& group, const ip_address& source,
                                     const multicast_interface& through) const noexcept {
  decline_others_groups(descriptor_, group);
  return change(descriptor_, joining_source, group, source, through);
}

result<void> udp_socket::leave_source(const ip_address& group, const ip_address& source,
                                      const multicast_interface& through) const noexcept {
  return change(descriptor_, leaving_source, group, source, through);
}

result<void> udp_socket::block_source(const ip_address& group, const ip_address& source,
                                      const multicast_interface& through) const noexcept {
  return change(descriptor_, blocking, group, source, through);
}

result<void> udp_socket::unblock_source(const ip_address& group, const ip_address& source,
                                        const multicast_interface& through) const noexcept {
  return change(descriptor_, unblocking, group, source, through);
}

result<void> udp_socket::set_multicast_interface(
    const multicast_interface& through) const noexcept {
  const auto here = local_endpoint();
  if (!here) {
    return fail(here.error());
  }
  if (here->is_v6()) {
    return is_by_address(through)
               ? invalid()
               : detail::set_number(descriptor_, {IPPROTO_IPV6, IPV6_MULTICAST_IF},
                                    static_cast<int>(through.index()));
  }
  if (through.address().is_v6()) {
    return invalid();
  }
  ip_mreqn request{};
  request.imr_address = native(through.address());
  request.imr_ifindex = static_cast<int>(through.index());
  return detail::set_value(descriptor_, {IPPROTO_IP, IP_MULTICAST_IF}, request);
}

result<multicast_interface> udp_socket::multicast_interface_used() const noexcept {
  const auto here = local_endpoint();
  if (!here) {
    return fail(here.error());
  }
  if (here->is_v6()) {
    const auto index = detail::number(descriptor_, {IPPROTO_IPV6, IPV6_MULTICAST_IF});
    return index ? result<multicast_interface>(
                       multicast_interface::by_index(static_cast<std::uint32_t>(*index)))
                 : fail(index.error());
  }
  ip_address::v4_octets octets{};
  unsigned size = octets.size();
  const auto asked =
      detail::ask_option(descriptor_, {IPPROTO_IP, IP_MULTICAST_IF}, octets.data(), size);
  return asked ? result<multicast_interface>(ip_address(octets)) : fail(asked.error());
}

}  // namespace weft
