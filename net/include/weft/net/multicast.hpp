#pragma once

#include <cstdint>
#include <string_view>

#include <weft/net/ip_address.hpp>
#include <weft/runtime/config.hpp>
#include <weft/runtime/result.hpp>

namespace weft {

/// The interface through which a multicast group is joined or sent to: by an IPv4 address of it, by
/// its index, or left to the system's routes.
///
/// Threads: a plain value.
class multicast_interface {
 public:
  /// Whichever the routes choose.
  constexpr multicast_interface() noexcept = default;
  /// The one that has this IPv4 address. IPv6 knows interfaces by index only.
  constexpr multicast_interface(const ip_address& address) noexcept  // NOLINT: reads as an address
      : address_(address) {}
  /// The one of this index, as in `ip link`; 0 is any.
  static constexpr multicast_interface by_index(std::uint32_t index) noexcept {
    multicast_interface made;
    made.index_ = index;
    return made;
  }
  /// The one of this name, such as `eth0`.
  /// Errors: `address_errc::unknown_interface`.
  WEFT_API static result<multicast_interface> by_name(std::string_view name) noexcept;

  /// Unspecified unless it was given.
  constexpr const ip_address& address() const noexcept { return address_; }
  /// 0 unless it was given.
  constexpr std::uint32_t index() const noexcept { return index_; }

  friend constexpr bool operator==(const multicast_interface&,
                                   const multicast_interface&) noexcept = default;

 private:
  ip_address address_;
  std::uint32_t index_ = 0;
};

}  // namespace weft
