#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include "codes.hpp"
#include "library.hpp"
#include "options.hpp"
#include "service.hpp"

/// Checks of what comes from Dart, for the functions that the library shows.
namespace weft::dart {

inline bool is_port_number(std::int64_t number) noexcept {
  return number >= 0 && number <= 65535;
}

inline bool is_address_size(std::int64_t size) noexcept {
  return size == ipv4_size || size == ipv6_size;
}

/// Whether `data[offset, offset + count)` can be memory.
inline bool is_range(const void* data, std::int64_t offset, std::int64_t count) noexcept {
  constexpr std::int64_t most = std::numeric_limits<std::ptrdiff_t>::max();
  return data && count >= 0 && offset >= 0 && offset <= most && count <= most - offset;
}

inline std::span<const std::byte> bytes_of(const std::uint8_t* data, std::int64_t size) noexcept {
  return {reinterpret_cast<const std::byte*>(data), static_cast<std::size_t>(size)};
}

/// Does it with a socket at that stage; `invalid_handle` where the handle is none of one.
template <class F>
std::int64_t with(std::int64_t handle, stage kind, F&& f) noexcept {
  if (!library::is_running()) {
    return code::not_initialized;
  }
  const held socket = held::by_handle(handle);
  return socket && socket->at == kind ? f(*socket) : code::invalid_handle;
}

/// Does it with a socket of any kind.
template <class F>
std::int64_t with_any(std::int64_t handle, F&& f) noexcept {
  if (!library::is_running()) {
    return code::not_initialized;
  }
  const held socket = held::by_handle(handle);
  return socket ? f(*socket) : code::invalid_handle;
}

}  // namespace weft::dart
