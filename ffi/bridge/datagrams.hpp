#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "read_buffers.hpp"
#include "request.hpp"
#include "service.hpp"

/// UDP, and what Unix datagrams have in common with it. The socket's lock is held, but for
/// start_bind().
namespace weft::dart {

/// What stands before each datagram that is delivered: see weft_dart.h.
inline constexpr std::size_t datagram_head = 20;
/// More does not fit a datagram.
inline constexpr std::int64_t longest_datagram = 65507;

/// Receives a datagram, and its head before it: how many bytes, or the system's error.
std::ptrdiff_t receive_datagram(socket_slot& slot, read_buffer& into) noexcept;

std::int64_t start_send(socket_slot& slot, std::int64_t id, std::span<const std::byte> data,
                        const native_address& to) noexcept;
/// Those that wait, as far as the system takes them.
void serve_sends(socket_slot& slot) noexcept;

struct bind_at {
  native_address address;
  bool v6_only;
  bool shared;
};
std::int64_t start_bind(port owner, std::int64_t id, const bind_at& where) noexcept;

/// Joins or leaves a group, whose address has one of the two sizes.
std::int64_t set_membership(const socket_slot& slot, std::span<const std::byte> group,
                            int interface_index, bool joins) noexcept;

/// The numbers are the interface.
enum class udp_option : std::uint8_t { broadcast = 1, multicast_loop = 2, multicast_hops = 3 };
std::int64_t option_of(const socket_slot& slot, udp_option which) noexcept;
std::int64_t set_option(const socket_slot& slot, udp_option which, int value) noexcept;

}  // namespace weft::dart
