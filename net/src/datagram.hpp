#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <weft/io/descriptor.hpp>
#include <weft/runtime/result.hpp>

struct msghdr;
struct sockaddr;

/// What all sockets that keep the boundaries of messages share: UDP, Unix datagrams, raw IP.
namespace weft::detail {

/// Whether a call may wait, or fails with `operation_would_block` instead.
enum class waiting : std::uint8_t { allowed, refused };

/// Whether what is received is gone or stays.
enum class taking : std::uint8_t { takes, peeks };

/// A message that came in.
struct arrived {
  std::size_t size;
  bool truncated;
};

/// Receives into the buffer, and the sender's address into `from`. `from_size`: the room there,
/// then what the system filled in.
result<arrived> receive_datagram(const io::descriptor& socket, std::span<std::byte> buffer,
                                 sockaddr* from, unsigned& from_size, waiting mode,
                                 taking how = taking::takes) noexcept;

/// The same without the address, of connected sockets. One that is taken and does not fit is
/// `message_size`; of one that is peeked at, the size of the part in the buffer is returned.
result<std::size_t> receive_datagram(const io::descriptor& socket, std::span<std::byte> buffer,
                                     waiting mode, taking how = taking::takes) noexcept;

/// Sends all of the data as one message; to the connected peer where `to` is null.
result<void> send_datagram(const io::descriptor& socket, std::span<const std::byte> data,
                           const sockaddr* to, unsigned to_size, waiting mode) noexcept;

/// Sends what a msghdr describes, as one message.
result<std::size_t> send_message(const io::descriptor& socket, const msghdr& message,
                                 waiting mode = waiting::allowed) noexcept;

/// What io::descriptor::perform() does first, for calls that are made without it: fails in a scope
/// that has ended, and lets other fibers run when this one had its share.
result<void> may_go_on() noexcept;

result<void> wait_readable(const io::descriptor& socket) noexcept;
result<void> wait_writable(const io::descriptor& socket) noexcept;

/// Connects a socket for which that does not wait: it names the peer and no more.
result<void> name_peer(const io::descriptor& socket, const sockaddr* peer, unsigned size) noexcept;
/// Undoes that.
result<void> forget_peer(const io::descriptor& socket) noexcept;

}  // namespace weft::detail
