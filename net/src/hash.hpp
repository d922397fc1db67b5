#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include <weft/net/endpoint.hpp>

/// Hashes of addresses: every bit of the value moves every bit of the hash, so that tables whose
/// size is a power of two serve as well as others. Not keyed: no defence against chosen addresses.
namespace weft::detail {

/// The finalizer of MurmurHash3, a bijection (Austin Appleby, public domain).
constexpr std::uint64_t scramble(std::uint64_t x) noexcept {
  x ^= x >> 33;
  x *= 0xff51afd7ed558ccd;
  x ^= x >> 33;
  x *= 0xc4ceb9fe1a85ec53;
  x ^= x >> 33;
  return x;
}

inline std::size_t hash_of(const ip_address& address, std::uint64_t seed = 0) noexcept {
  std::uint64_t words[2] = {};
  std::memcpy(words, address.octets().data(), address.octets().size());
  const std::uint64_t scope = std::uint64_t{address.scope_id()} << 1 | (address.is_v6() ? 1 : 0);
  std::uint64_t hash = scramble(seed ^ scope);
  hash = scramble(hash ^ words[0]);
  // Of an IPv4 address the second word is zero; adding keeps that from being a no-op xor.
  return static_cast<std::size_t>(scramble(hash + words[1]));
}

}  // namespace weft::detail
