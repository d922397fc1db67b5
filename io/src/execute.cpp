#include "execute.hpp"

#include <cerrno>

#include <poll.h>
#include <sys/socket.h>

#include <weft/io/detail/descriptor_state.hpp>
#include <weft/io/detail/syscalls.hpp>

namespace weft::io::detail {

namespace {

std::ptrdiff_t connect_again(operation& op) noexcept {
  const int result = weft::detail::sys::connect(
      op.target->fd, static_cast<const sockaddr*>(op.data), *op.address_size);
  switch (result) {
    case -EINPROGRESS:
    case -EALREADY:
      return -EAGAIN;
    case -EISCONN:
      return 0;
    default:
      return result;
  }
}

std::ptrdiff_t ready(int fd, short events) noexcept {
  const int result = weft::detail::sys::poll(fd, events, time_point::min());
  return result == 0 ? -EAGAIN : result < 0 ? result : 0;
}

}  // namespace

std::ptrdiff_t execute(operation& op) noexcept {
  return execute_in_line(op);
}

std::ptrdiff_t execute_other(operation& op) noexcept {
  namespace sys = weft::detail::sys;
  const int fd = op.target->fd;
  switch (op.code) {
    case opcode::receive_message:
      return sys::receive_message(fd, static_cast<msghdr*>(op.data), op.flags);
    case opcode::send_message:
      return sys::send_message(fd, static_cast<const msghdr*>(op.data), op.flags);
    case opcode::read:
      return sys::read(fd, op.data, op.asked);
    case opcode::write:
      return sys::write(fd, op.data, op.asked);
    case opcode::accept:
      return sys::accept(fd, static_cast<sockaddr*>(op.data), op.address_size);
    case opcode::connect:
      return connect_again(op);
    case opcode::wait_readable:
      return ready(fd, POLLIN);
    case opcode::wait_writable:
      return ready(fd, POLLOUT);
    default:
      break;
  }
  return -EINVAL;
}

}  // namespace weft::io::detail
