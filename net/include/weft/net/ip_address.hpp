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

#include <weft/runtime/config.hpp>
#include <weft/runtime/result.hpp>

namespace weft {

/// An IPv4 address, or an IPv6 address with the scope (the interface) in which it is meant.
///
/// Ordered: IPv4 before IPv6, then by octets, then by scope. Default-constructed: 0.0.0.0.
///
/// Threads: a plain value.
/// Cost: 24 bytes; only text that names an interface (`fe80::1%eth0`) asks the system anything.
class ip_address {
 public:
  using v4_octets = std::array<std::uint8_t, 4>;
  using v6_octets = std::array<std::uint8_t, 16>;

  /// Room that suffices for the text of any address.
  static constexpr std::size_t text_capacity = 56;

  constexpr ip_address() noexcept = default;

  /// From octets in the order in which they are written and sent.
  constexpr explicit ip_address(const v4_octets& octets) noexcept {
    for (std::size_t i = 0; i < octets.size(); ++i) {
      octets_[i] = octets[i];
    }
  }
  constexpr explicit ip_address(const v6_octets& octets, std::uint32_t scope_id = 0) noexcept
      : is_v6_(true), octets_(octets), scope_id_(scope_id) {}

  /// `ip_address::v4(127, 0, 0, 1)`
  static constexpr ip_address v4(std::uint8_t a, std::uint8_t b, std::uint8_t c,
                                 std::uint8_t d) noexcept {
    return ip_address(v4_octets{a, b, c, d});
  }
  /// From the eight groups of the written form: `ip_address::v6({0x2001, 0xdb8, 0, 0, 0, 0, 0, 1})`
  static constexpr ip_address v6(const std::array<std::uint16_t, 8>& groups,
                                 std::uint32_t scope_id = 0) noexcept {
    v6_octets octets{};
    for (std::size_t i = 0; i < groups.size(); ++i) {
      octets[2 * i] = static_cast<std::uint8_t>(groups[i] >> 8);
      octets[2 * i + 1] = static_cast<std::uint8_t>(groups[i] & 0xff);
    }
    return ip_address(octets, scope_id);
  }

  static constexpr ip_address any_v4() noexcept { return {}; }
  static constexpr ip_address any_v6() noexcept { return ip_address(v6_octets{}); }
  static constexpr ip_address loopback_v4() noexcept { return v4(127, 0, 0, 1); }
  static constexpr ip_address loopback_v6() noexcept { return v6({0, 0, 0, 0, 0, 0, 0, 1}); }
  static constexpr ip_address broadcast() noexcept { return v4(255, 255, 255, 255); }

  /// Reads `192.0.2.1`, `2001:db8::1`, `::ffff:192.0.2.1`, `fe80::1%eth0` or `fe80::1%2`; the whole
  /// text, without brackets or blanks. IPv4 takes exactly four decimal numbers without leading
  /// zeros: the historic forms (`127.1`, `0x7f.1`, `010.0.0.1`) are errors. After the `%`, digits
  /// are an interface index and anything else a name.
  ///
  /// Errors: address_errc.
  WEFT_API static result<ip_address> parse(std::string_view text) noexcept;

  constexpr bool is_v4() const noexcept { return !is_v6_; }
  constexpr bool is_v6() const noexcept { return is_v6_; }

  /// The 4 or 16 octets, in the order in which they are written and sent.
  constexpr std::span<const std::uint8_t> octets() const& noexcept {
    return std::span(octets_).first(is_v6_ ? 16 : 4);
  }
  void octets() const&& = delete;  // they would be gone with the temporary

  /// The index of the interface in which a link-local address is meant; 0: none is named.
  constexpr std::uint32_t scope_id() const noexcept { return scope_id_; }
  /// The same address in another scope. An IPv4 address has none and stays as it is.
  constexpr ip_address with_scope_id(std::uint32_t scope_id) const noexcept {
    return is_v6_ ? ip_address(octets_, scope_id) : *this;
  }

  /// ::ffff:0:0/96: an IPv4 address in the form in which an IPv6 socket shows it.
  WEFT_API bool is_v4_mapped() const noexcept;
  /// The IPv6 form of an IPv4 address; an IPv6 address as it is.
  WEFT_API ip_address mapped() const noexcept;
  /// The IPv4 address that a mapped one carries; any other as it is.
  WEFT_API ip_address unmapped() const noexcept;

  // What kind of address it is, by the IANA registries of special-purpose addresses. A mapped
  // address is of the kind of the IPv4 address it carries: `::ffff:127.0.0.1` is a loopback.

  /// 0.0.0.0 or ::, "any" to listen on.
  WEFT_API bool is_unspecified() const noexcept;
  /// 127.0.0.0/8 or ::1.
  WEFT_API bool is_loopback() const noexcept;
  /// Of a site's own network: 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, or unique local.
  WEFT_API bool is_private() const noexcept;
  /// fc00::/7, the private addresses of IPv6.
  WEFT_API bool is_unique_local() const noexcept;
  /// 169.254.0.0/16 or fe80::/10.
  WEFT_API bool is_link_local() const noexcept;
  /// 224.0.0.0/4 or ff00::/8.
  WEFT_API bool is_multicast() const noexcept;
  /// 255.255.255.255.
  WEFT_API bool is_broadcast() const noexcept;
  /// Between a provider and its customers (carrier-grade NAT): 100.64.0.0/10.
  WEFT_API bool is_shared() const noexcept;
  /// For examples in texts: 192.0.2.0/24, 198.51.100.0/24, 203.0.113.0/24, 2001:db8::/32,
  /// 3fff::/20.
  WEFT_API bool is_documentation() const noexcept;
  /// For measuring devices: 198.18.0.0/15 or 2001:2::/48.
  WEFT_API bool is_benchmarking() const noexcept;
  /// A single host's address that the whole Internet can reach, as far as the registries tell: none
  /// of the kinds above, and none reserved. 6to4 and Teredo, whose state is undefined, are not; a
  /// NAT64 address (64:ff9b::/96) is as global as the IPv4 address in it.
  WEFT_API bool is_global() const noexcept;

  /// The canonical text (RFC 5952), which parse() reads back: lower case, the longest run of zeros
  /// as
  /// `::`, mapped addresses as `::ffff:192.0.2.1`, the scope by the interface's name where it has
  /// one.
  WEFT_API std::string to_string() const;
  /// The same without allocation: writes into the buffer and returns the part written.
  WEFT_API std::string_view format_to(std::span<char, text_capacity> buffer) const noexcept;

  friend constexpr bool operator==(const ip_address&, const ip_address&) noexcept = default;
  friend constexpr std::strong_ordering operator<=>(const ip_address&,
                                                    const ip_address&) noexcept = default;

 private:
  // Comparison goes by these in order. Of an IPv4 address the octets after the fourth, and the
  // scope, are zero.
  bool is_v6_ = false;
  v6_octets octets_{};
  std::uint32_t scope_id_ = 0;
};

WEFT_API std::ostream& operator<<(std::ostream& out, const ip_address& address);

}  // namespace weft

template <>
struct std::hash<weft::ip_address> {
  WEFT_API std::size_t operator()(const weft::ip_address& address) const noexcept;
};

#ifdef __cpp_lib_format
/// Takes the format specifications of strings: `std::format("{:>40}", address)`.
template <>
struct std::formatter<weft::ip_address> : std::formatter<std::string_view> {
  template <class Context>
  auto format(const weft::ip_address& address, Context& context) const {
    std::array<char, weft::ip_address::text_capacity> buffer;
    return std::formatter<std::string_view>::format(address.format_to(buffer), context);
  }
};
#endif
