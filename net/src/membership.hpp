#pragma once

#include <cstdint>

#include <weft/io/descriptor.hpp>
#include <weft/net/ip_address.hpp>
#include <weft/net/multicast.hpp>
#include <weft/runtime/result.hpp>

/// The calls about multicast groups. One source per way that systems have.
namespace weft::detail {

/// What is to become of a membership in a group, or of a source of one.
enum class membership : std::uint8_t {
  joined,
  left,
  source_joined,
  source_left,
  source_blocked,
  source_unblocked
};

/// Errors: `operation_not_supported` for what the system has no call for.
result<void> change_membership(const io::descriptor& socket, membership wanted,
                               const ip_address& group,
                               const multicast_interface& through) noexcept;
result<void> change_source(const io::descriptor& socket, membership wanted, const ip_address& group,
                           const ip_address& source, const multicast_interface& through) noexcept;

/// Through which interface an IPv4 socket sends to groups.
result<void> set_interface_v4(const io::descriptor& socket,
                              const multicast_interface& through) noexcept;

}  // namespace weft::detail
