#pragma once

#include <cstddef>
#include <cstdint>

#include "local_sockets.hpp"
#include "request.hpp"

/// Unix sockets for datagrams: what they do not share with UDP's. The socket's lock is held, but
/// for start_bind().
namespace weft::dart {

/// What stands before each datagram that is delivered: see weft_dart.h.
inline constexpr std::size_t local_datagram_head = 111;
/// More is refused; longer ones that come from elsewhere are lost.
inline constexpr std::int64_t longest_local_datagram = 65'000;

/// Makes one with that name; unnamed: without.
std::int64_t start_bind(port owner, std::int64_t id, const listen_at_name& where) noexcept;

native_address native(const unix_endpoint& name) noexcept;

void write_local_head(const native_address& from, std::byte* head) noexcept;

/// Has the socket served when the receiver of its first datagram has room. False: the system lacks
/// the means to find out, or there is no receiver.
bool await_room(socket_slot& slot) noexcept;
/// Ends that.
void forget_room(socket_slot& slot) noexcept;

}  // namespace weft::dart
