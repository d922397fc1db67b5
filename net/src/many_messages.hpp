#pragma once

#include <span>

#include <sys/socket.h>

/// Several messages a system call. One source per system.
namespace weft::detail {

/// A message and how much of it was moved. As Linux's mmsghdr, which not every system has.
struct numbered_message {
  msghdr msg_hdr;
  unsigned msg_len;
};

/// Receives what is there, at most one message into each entry; where the system cannot do that at
/// once, one after another.
/// Returns: how many entries were filled, or minus the error number.
int receive_messages(int fd, std::span<numbered_message> messages) noexcept;
/// The same for sending.
int send_messages(int fd, std::span<numbered_message> messages) noexcept;

}  // namespace weft::detail
