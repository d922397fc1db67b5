// What kind an address is, by the IANA registries "IPv4 Special-Purpose Address Space" and "IPv6
// Special-Purpose Address Space" and the multicast registries.
//
// A v4-mapped address is always asked as the IPv4 address it carries, because that is what a packet
// to it reaches: a filter that forbids 127.0.0.1 must not let ::ffff:127.0.0.1 through.

#include <algorithm>

#include <weft/net/ip_address.hpp>

#include "hash.hpp"

namespace weft {
namespace {

struct block {
  ip_address base;
  unsigned bits;

  bool contains(const ip_address& address) const noexcept {
    const auto ours = base.octets();
    const auto theirs = address.octets();
    if (ours.size() != theirs.size()) {
      return false;
    }
    const std::size_t whole = bits / 8;
    if (!std::ranges::equal(ours.first(whole), theirs.first(whole))) {
      return false;
    }
    const unsigned rest = bits % 8;
    return rest == 0 || (ours[whole] ^ theirs[whole]) >> (8 - rest) == 0;
  }
};

constexpr block v4_block(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d,
                         unsigned bits) noexcept {
  return {ip_address::v4(a, b, c, d), bits};
}

constexpr block v6_block(std::uint16_t a, std::uint16_t b, std::uint16_t c,
                         unsigned bits) noexcept {
  return {ip_address::v6({a, b, c, 0, 0, 0, 0, 0}), bits};
}

bool is_in(const ip_address& address, std::span<const block> blocks) noexcept {
  return std::ranges::any_of(blocks, [&](const block& b) { return b.contains(address); });
}

constexpr block v4_mapped_block{ip_address::v6({0, 0, 0, 0, 0, 0xffff, 0, 0}), 96};
constexpr block nat64_block{ip_address::v6({0x64, 0xff9b, 0, 0, 0, 0, 0, 0}), 96};

constexpr std::array loopback_blocks{v4_block(127, 0, 0, 0, 8),
                                     block{ip_address::loopback_v6(), 128}};
constexpr std::array unique_local_blocks{v6_block(0xfc00, 0, 0, 7)};
constexpr std::array private_blocks{v4_block(10, 0, 0, 0, 8), v4_block(172, 16, 0, 0, 12),
                                    v4_block(192, 168, 0, 0, 16), v6_block(0xfc00, 0, 0, 7)};
constexpr std::array link_local_blocks{v4_block(169, 254, 0, 0, 16), v6_block(0xfe80, 0, 0, 10)};
constexpr std::array multicast_blocks{v4_block(224, 0, 0, 0, 4), v6_block(0xff00, 0, 0, 8)};
constexpr std::array shared_blocks{v4_block(100, 64, 0, 0, 10)};
constexpr std::array documentation_blocks{
    v4_block(192, 0, 2, 0, 24), v4_block(198, 51, 100, 0, 24), v4_block(203, 0, 113, 0, 24),
    v6_block(0x2001, 0xdb8, 0, 32), v6_block(0x3fff, 0, 0, 20)};
constexpr std::array benchmarking_blocks{v4_block(198, 18, 0, 0, 15), v6_block(0x2001, 2, 0, 48)};

// Registered as reachable although they lie in a block below.
constexpr std::array global_exceptions{
    v4_block(192, 0, 0, 9, 32),                                 // port control anycast
    v4_block(192, 0, 0, 10, 32),                                // TURN anycast
    block{ip_address::v6({0x2001, 1, 0, 0, 0, 0, 0, 1}), 128},  // port control anycast
    block{ip_address::v6({0x2001, 1, 0, 0, 0, 0, 0, 2}), 128},  // TURN anycast
    block{ip_address::v6({0x2001, 1, 0, 0, 0, 0, 0, 3}), 128},  // DNS-SD anycast
    v6_block(0x2001, 3, 0, 32),                                 // AMT
    v6_block(0x2001, 4, 0x112, 48),                             // AS112
    v6_block(0x2001, 0x20, 0, 28),                              // ORCHIDv2
    v6_block(0x2001, 0x30, 0, 28),                              // drone remote identification
};

constexpr std::array not_global_v4{
    v4_block(0, 0, 0, 0, 8),        // this network
    v4_block(10, 0, 0, 0, 8),       // private
    v4_block(100, 64, 0, 0, 10),    // shared
    v4_block(127, 0, 0, 0, 8),      // loopback
    v4_block(169, 254, 0, 0, 16),   // link-local
    v4_block(172, 16, 0, 0, 12),    // private
    v4_block(192, 0, 0, 0, 24),     // protocol assignments
    v4_block(192, 0, 2, 0, 24),     // documentation
    v4_block(192, 88, 99, 2, 32),   // 6a44 relay
    v4_block(192, 168, 0, 0, 16),   // private
    v4_block(198, 18, 0, 0, 15),    // benchmarking
    v4_block(198, 51, 100, 0, 24),  // documentation
    v4_block(203, 0, 113, 0, 24),   // documentation
    v4_block(224, 0, 0, 0, 3),      // multicast, reserved, broadcast
};

// Within 2000::/3, all else of IPv6 being special or unassigned.
constexpr std::array not_global_v6{
    v6_block(0x2001, 0, 0, 23),      // protocol assignments, Teredo, benchmarking among them
    v6_block(0x2001, 0xdb8, 0, 32),  // documentation
    v6_block(0x2002, 0, 0, 16),      // 6to4
    v6_block(0x3fff, 0, 0, 20),      // documentation
};
constexpr block assigned_v6 = v6_block(0x2000, 0, 0, 3);

ip_address embedded_v4(const ip_address& address) noexcept {
  const auto o = address.octets();
  return ip_address::v4(o[12], o[13], o[14], o[15]);
}

}  // namespace

bool ip_address::is_v4_mapped() const noexcept {
  return v4_mapped_block.contains(*this);
}

ip_address ip_address::mapped() const noexcept {
  if (is_v6()) {
    return *this;
  }
  v6_octets octets{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  std::ranges::copy(this->octets(), octets.begin() + 12);
  return ip_address(octets);
}

ip_address ip_address::unmapped() const noexcept {
  return is_v4_mapped() ? embedded_v4(*this) : *this;
}

bool ip_address::is_unspecified() const noexcept {
  return std::ranges::all_of(unmapped().octets_, [](std::uint8_t octet) { return octet == 0; });
}
bool ip_address::is_loopback() const noexcept {
  return is_in(unmapped(), loopback_blocks);
}
bool ip_address::is_private() const noexcept {
  return is_in(unmapped(), private_blocks);
}
bool ip_address::is_unique_local() const noexcept {
  return is_in(*this, unique_local_blocks);
}
bool ip_address::is_link_local() const noexcept {
  return is_in(unmapped(), link_local_blocks);
}
bool ip_address::is_multicast() const noexcept {
  return is_in(unmapped(), multicast_blocks);
}
bool ip_address::is_broadcast() const noexcept {
  return unmapped() == broadcast();
}
bool ip_address::is_shared() const noexcept {
  return is_in(unmapped(), shared_blocks);
}
bool ip_address::is_documentation() const noexcept {
  return is_in(unmapped(), documentation_blocks);
}
bool ip_address::is_benchmarking() const noexcept {
  return is_in(unmapped(), benchmarking_blocks);
}

bool ip_address::is_global() const noexcept {
  const ip_address address = unmapped();
  if (nat64_block.contains(address)) {
    return embedded_v4(address).is_global();
  }
  if (is_in(address, global_exceptions)) {
    return true;
  }
  return address.is_v4() ? !is_in(address, not_global_v4)
                         : assigned_v6.contains(address) && !is_in(address, not_global_v6);
}

}  // namespace weft

std::size_t std::hash<weft::ip_address>::operator()(
    const weft::ip_address& address) const noexcept {
  return weft::detail::hash_of(address);
}
