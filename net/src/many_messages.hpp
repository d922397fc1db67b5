#pragma once

#include <span>

struct mmsghdr;

/// Several messages a system call. One source per system.
namespace weft::detail {

/// Receives what is there, at most one message into each entry; where the system cannot do that at
/// once, one after another.
/// Returns: how many entries were filled, or minus the error number.
int receive_messages(int fd, std::span<mmsghdr> messages) noexcept;
/// The same for sending.
int send_messages(int fd, std::span<mmsghdr> messages) noexcept;

}  // namespace weft::detail
