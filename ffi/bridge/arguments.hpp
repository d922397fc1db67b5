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

/// Checks what whoever makes a socket tells; code::ok: go on.
inline std::int64_t check_owner(port owner) noexcept {
  if (!library::is_running()) {
    return code::not_initialized;
  }
  return owner == no_port ? code::invalid_argument : code::ok;
}

inline std::int64_t check_address(const std::uint8_t* bytes, std::int64_t size,
                                  std::int64_t port_number = 0) noexcept {
  if (!bytes || !is_port_number(port_number)) {
    return code::invalid_argument;
  }
  return is_address_size(size) ? code::ok : code::invalid_address;
}

/// Checks what is to be written.
inline std::int64_t check_data(const std::uint8_t* data, std::int64_t offset, std::int64_t count,
                               std::int64_t least, std::int64_t most) noexcept {
  if (!library::is_running()) {
    return code::not_initialized;
  }
  return is_range(data, offset, count) && count >= least && count <= most ? code::ok
                                                                          : code::invalid_argument;
}

/// The first that is wrong.
inline std::int64_t first_of(std::int64_t wrong, std::int64_t next) noexcept {
  return wrong != code::ok ? wrong : next;
}

inline std::span<const std::byte> bytes_at(const std::uint8_t* data, std::int64_t offset,
                                           std::int64_t count) noexcept {
  return bytes_of(data + static_cast<std::ptrdiff_t>(offset), count);
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

/// A piece of memory as a call from Dart names it.
struct piece {
  const std::uint8_t* data;
  std::int64_t offset;
  std::int64_t count;
};

inline std::int64_t write_to(std::int64_t id, std::int64_t handle, const piece& what,
                             at_once how) noexcept {
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  if (const auto wrong = check_data(what.data, what.offset, what.count, 1, most)) {
    return wrong;
  }
  return with(handle, stage::connected, [&](socket_slot& slot) noexcept {
    return start_write(slot, id, bytes_at(what.data, what.offset, what.count), how);
  });
}

}  // namespace weft::dart
