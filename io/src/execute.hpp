#pragma once

#include <cerrno>

#include <weft/io/detail/descriptor_state.hpp>
#include <weft/io/operation.hpp>
#include <weft/runtime/detail/compiler.hpp>

#include "buffer_pool.hpp"
#include "syscalls_transfer.hpp"

namespace weft::io::detail {

/// Makes the operation's system call once, on its target's handle. -EAGAIN: it would have to wait.
/// Not for operations on files.
std::ptrdiff_t execute(operation& op) noexcept;

/// Those that are not made once a message.
std::ptrdiff_t execute_other(operation& op) noexcept;

/// A buffer is taken for the moment of the call, and kept only if there was something to put in.
WEFT_INLINE_FOR_SPEED std::ptrdiff_t receive_leased(operation& op) noexcept {
  std::byte* const buffer = take_buffer(op.size);
  if (!buffer) {
    return -ENOMEM;
  }
  const std::ptrdiff_t received =
      weft::detail::sys::receive_in_line(op.target->fd, buffer, op.asked, op.flags);
  if (received > 0) {
    op.data = buffer;
  } else {
    return_buffer(buffer, op.size);
  }
  return received;
}

/// execute() for submit(): each function fewer between the system call and the user's code is a
/// misprediction fewer, docs/decisions/013-system-calls.md.
WEFT_INLINE_FOR_SPEED std::ptrdiff_t execute_in_line(operation& op) noexcept {
  namespace sys = weft::detail::sys;
  op.asked = op.size;
  switch (op.code) {
    case opcode::receive:
      return sys::receive_in_line(op.target->fd, op.data, op.asked, op.flags);
    case opcode::receive_leased:
      return receive_leased(op);
    case opcode::send:
      return sys::send_in_line(op.target->fd, op.data, op.asked, op.flags);
    default:
      return execute_other(op);
  }
}

}  // namespace weft::io::detail
