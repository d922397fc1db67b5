#include <netinet/in.h>
#include <sys/socket.h>

#include <weft/net/address_errc.hpp>
#include <weft/net/udp.hpp>

#include "interface_name.hpp"
#include "membership.hpp"
#include "socket.hpp"
#include "socket_option_names.hpp"

namespace weft {

namespace {

std::unexpected<std::error_code> invalid() noexcept {
  return fail(std::make_error_code(std::errc::invalid_argument));
}

using detail::membership;

bool is_by_address(const multicast_interface& through) noexcept {
  return !through.address().is_unspecified();
}

/// Whether the system can be asked at all; it takes some nonsense without a word.
bool makes_sense(const ip_address& group, const multicast_interface& through) noexcept {
  return group.is_multicast() && !group.is_v4_mapped() &&
         (!is_by_address(through) || (group.is_v4() && through.address().is_v4()));
}

result<void> change(const io::descriptor& socket, membership what, const ip_address& group,
                    const multicast_interface& through) noexcept {
  return makes_sense(group, through) ? detail::change_membership(socket, what, group, through)
                                     : invalid();
}

result<void> change(const io::descriptor& socket, membership what, const ip_address& group,
                    const ip_address& source, const multicast_interface& through) noexcept {
  return makes_sense(group, through) && source.is_v4() == group.is_v4()
             ? detail::change_source(socket, what, group, source, through)
             : invalid();
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
  return change(descriptor_, membership::joined, group, through);
}

result<void> udp_socket::leave(const ip_address& group,
                               const multicast_interface& through) const noexcept {
  return change(descriptor_, membership::left, group, through);
}

result<void> udp_socket::join_source(const ip_address& group, const ip_address& source,
                                     const multicast_interface& through) const noexcept {
  decline_others_groups(descriptor_, group);
  return change(descriptor_, membership::source_joined, group, source, through);
}

result<void> udp_socket::leave_source(const ip_address& group, const ip_address& source,
                                      const multicast_interface& through) const noexcept {
  return change(descriptor_, membership::source_left, group, source, through);
}

result<void> udp_socket::block_source(const ip_address& group, const ip_address& source,
                                      const multicast_interface& through) const noexcept {
  return change(descriptor_, membership::source_blocked, group, source, through);
}

result<void> udp_socket::unblock_source(const ip_address& group, const ip_address& source,
                                        const multicast_interface& through) const noexcept {
  return change(descriptor_, membership::source_unblocked, group, source, through);
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
  return detail::set_interface_v4(descriptor_, through);
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
