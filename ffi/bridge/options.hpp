#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "socket_slot.hpp"

/// Addresses and options: what is asked of a socket and answered at once. The socket's lock is
/// held.
namespace weft::dart {

inline constexpr std::size_t ipv4_size = 4;
inline constexpr std::size_t ipv6_size = 16;

/// The address has one of these sizes, the port number is one.
native_address native(std::span<const std::byte> address, std::int64_t port_number) noexcept;

enum class whose_end : bool { ours, peers };
enum class flag : bool { keep_alive, no_delay };

/// The number of bytes written, of the 16 that there is room for, or a code.
std::int64_t address_of(const socket_slot& slot, whose_end end, std::byte* out) noexcept;
std::int64_t port_of(const socket_slot& slot, whose_end end) noexcept;
/// 0, 1 or a code.
std::int64_t flag_of(const socket_slot& slot, flag which) noexcept;
std::int64_t set_flag(const socket_slot& slot, flag which, bool on) noexcept;

}  // namespace weft::dart
