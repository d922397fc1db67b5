#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <span>
#include <string>
#include <string_view>
#include <version>

#ifdef __cpp_lib_format
#include <format>
#endif

#include <weft/net/ip_address.hpp>
#include <weft/runtime/config.hpp>
#include <weft/runtime/result.hpp>

namespace weft {

/// Where an IP socket is or connects to: an address and a port; for IPv6 also flow information.
///
/// Ordered by address, then port, then flow information. Default-constructed: 0.0.0.0:0.
///
/// Threads: a plain value.
/// Cost: 32 bytes; as ip_address.
class endpoint {
 public:
  /// Room that suffices for the text of any endpoint.
  static constexpr std::size_t text_capacity = ip_address::text_capacity + 8;

  constexpr endpoint() noexcept = default;
  constexpr endpoint(const ip_address& address, std::uint16_t port,
                     std::uint32_t flow_info = 0) noexcept
      : address_(address), port_(port), flow_info_(address.is_v6() ? flow_info : 0) {}

  /// Every interface of this machine, to listen on.
  static constexpr endpoint any_v4(std::uint16_t port) noexcept {
    return {ip_address::any_v4(), port};
  }
  static constexpr endpoint any_v6(std::uint16_t port) noexcept {
    return {ip_address::any_v6(), port};
  }
  /// This machine itself.
  static constexpr endpoint loopback_v4(std::uint16_t port) noexcept {
    return {ip_address::loopback_v4(), port};
  }
  static constexpr endpoint loopback_v6(std::uint16_t port) noexcept {
    return {ip_address::loopback_v6(), port};
  }

  /// Reads `127.0.0.1:80`, `[::1]:80`, `[fe80::1%eth0]:80`, `[fe80::1%2]:80`, and `:80` for any
  /// IPv4 address. The whole text; names are not looked up (resolve() does that), and their error
  /// is `address_errc::host_name`.
  ///
  /// Errors: address_errc.
  WEFT_API static result<endpoint> parse(std::string_view text) noexcept;

  /// From the system's form, a `sockaddr_in` or `sockaddr_in6` of `size` bytes, at any alignment.
  ///
  /// Errors: `std::errc::address_family_not_supported` for other families,
  ///   `std::errc::invalid_argument` for a size too small. native_endpoint is the way there.
  WEFT_API static result<endpoint> from_native(const void* data, std::size_t size) noexcept;

  constexpr bool is_v4() const noexcept { return address_.is_v4(); }
  constexpr bool is_v6() const noexcept { return address_.is_v6(); }

  /// What kind of address it is (loopback, private, ...), its octets and its scope: ask the
  /// address.
  constexpr const ip_address& address() const& noexcept { return address_; }
  constexpr ip_address address() const&& noexcept { return address_; }
  constexpr std::uint16_t port() const noexcept { return port_; }
  /// Traffic class and flow label of IPv6 in the machine's byte order; 0 for IPv4. Has no text
  /// form.
  constexpr std::uint32_t flow_info() const noexcept { return flow_info_; }

  constexpr endpoint with_port(std::uint16_t port) const noexcept {
    return {address_, port, flow_info_};
  }

  /// As ip_address::mapped() and unmapped(), with the same port: what an IPv6 socket calls an IPv4
  /// endpoint, and back.
  WEFT_API endpoint mapped() const noexcept;
  WEFT_API endpoint unmapped() const noexcept;

  /// The text that parse() reads back: `127.0.0.1:80`, `[::1]:80`, `[fe80::1%eth0]:80`.
  WEFT_API std::string to_string() const;
  /// The same without allocation: writes into the buffer and returns the part written.
  WEFT_API std::string_view format_to(std::span<char, text_capacity> buffer) const noexcept;

  friend constexpr bool operator==(const endpoint&, const endpoint&) noexcept = default;
  friend constexpr std::strong_ordering operator<=>(const endpoint&,
                                                    const endpoint&) noexcept = default;

 private:
  ip_address address_;
  std::uint16_t port_ = 0;
  std::uint32_t flow_info_ = 0;
};

WEFT_API std::ostream& operator<<(std::ostream& out, const endpoint& value);

}  // namespace weft

template <>
struct std::hash<weft::endpoint> {
  WEFT_API std::size_t operator()(const weft::endpoint& value) const noexcept;
};

#ifdef __cpp_lib_format
/// Takes the format specifications of strings: `std::format("{:<24}", peer)`.
template <>
struct std::formatter<weft::endpoint> : std::formatter<std::string_view> {
  template <class Context>
  auto format(const weft::endpoint& value, Context& context) const {
    std::array<char, weft::endpoint::text_capacity> buffer;
    return std::formatter<std::string_view>::format(value.format_to(buffer), context);
  }
};
#endif
