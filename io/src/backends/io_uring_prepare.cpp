#include "io_uring_prepare.hpp"

#include <algorithm>
#include <cerrno>

#include <liburing.h>
#include <poll.h>
#include <sys/socket.h>

#include <weft/io/detail/descriptor_state.hpp>

#include "../file_part.hpp"
#include "io_uring_buffers.hpp"

namespace weft::io {

namespace {

constexpr int address_bits = 48;  // of user space, on every 64-bit processor as Linux runs it

/// All of them in one, which is small: programs without files have it, too.
void prepare_on_file(io_uring_sqe& entry, const operation& op) noexcept {
  int code = IORING_OP_FSYNC;
  const void* parts = nullptr;
  unsigned size = 0;
  std::int64_t offset = 0;
  if (op.code == opcode::read_at || op.code == opcode::write_at) {
    const auto& what = *static_cast<const file_transfer*>(op.data);
    const bool reads = op.code == opcode::read_at;
    // One that appends does so wherever the write is to go.
    offset = std::max<std::int64_t>(what.offset, 0);
    if (what.count > 1 && op.asked == op.size) {
      code = reads ? IORING_OP_READV : IORING_OP_WRITEV;
      parts = what.parts;
      size = what.count;
    } else {
      const iovec part = detail::first_part(what, op.asked);
      code = reads ? IORING_OP_READ : IORING_OP_WRITE;
      parts = part.iov_base;
      size = static_cast<unsigned>(part.iov_len);
    }
  }
  io_uring_prep_rw(code, &entry, op.target->fd, parts, size, static_cast<std::uint64_t>(offset));
  if (op.code == opcode::sync_data) {
    entry.fsync_flags = IORING_FSYNC_DATASYNC;
  }
  constexpr std::size_t large = std::size_t{1} << 20;
  if (op.asked > large) {
    entry.flags |= IOSQE_ASYNC;  // else the worker might copy all of it when it submits
  }
}

void prepare_call(io_uring_sqe& entry, const operation& op) noexcept {
  const int fd = op.target->fd;
  switch (op.code) {
    case opcode::receive:
      io_uring_prep_recv(&entry, fd, op.data, op.asked, op.flags);
      break;
    case opcode::receive_leased:
      io_uring_prep_recv(&entry, fd, nullptr, op.asked, op.flags);
      entry.flags |= IOSQE_BUFFER_SELECT;
      entry.buf_group = provided_buffers::group;
      break;
    case opcode::send:
      io_uring_prep_send(&entry, fd, op.data, op.asked, op.flags | MSG_NOSIGNAL);
      break;
    case opcode::receive_message:
      io_uring_prep_recvmsg(&entry, fd, static_cast<msghdr*>(op.data),
                            static_cast<unsigned>(op.flags));
      break;
    case opcode::send_message:
      io_uring_prep_sendmsg(&entry, fd, static_cast<const msghdr*>(op.data),
                            static_cast<unsigned>(op.flags | MSG_NOSIGNAL));
      break;
    case opcode::read:
      // Offset -1: the current position, which is all that a pipe has.
      io_uring_prep_read(&entry, fd, op.data, static_cast<unsigned>(op.asked),
                         static_cast<std::uint64_t>(-1));
      break;
    case opcode::write:
      io_uring_prep_write(&entry, fd, op.data, static_cast<unsigned>(op.asked),
                          static_cast<std::uint64_t>(-1));
      break;
    case opcode::accept:
      io_uring_prep_accept(&entry, fd, static_cast<sockaddr*>(op.data), op.address_size,
                           SOCK_CLOEXEC | SOCK_NONBLOCK);
      break;
    case opcode::connect:
      io_uring_prep_connect(&entry, fd, static_cast<const sockaddr*>(op.data), *op.address_size);
      break;
    case opcode::wait_readable:
      io_uring_prep_poll_add(&entry, fd, POLLIN);
      break;
    case opcode::wait_writable:
      io_uring_prep_poll_add(&entry, fd, POLLOUT);
      break;
    case opcode::read_at:
    case opcode::write_at:
    case opcode::sync:
    case opcode::sync_data:
      prepare_on_file(entry, op);
      break;
  }
}

/// One that was given up goes on in the background: the next one finds it under way, or done.
std::ptrdiff_t result_of_connect(operation& op, std::int32_t completed) noexcept {
  if (completed == -EALREADY || completed == -EINPROGRESS) {
    op.poll_first = true;
    return -EAGAIN;
  }
  return completed == -EISCONN ? 0 : completed;
}

}  // namespace

void prepare(io_uring_sqe& entry, const operation& op) noexcept {
  if (op.poll_first) {
    io_uring_prep_poll_add(&entry, op.target->fd,
                           direction_of(op.code) == direction::in ? POLLIN : POLLOUT);
  } else {
    prepare_call(entry, op);
  }
}

std::ptrdiff_t result_of(operation& op, std::int32_t completed) noexcept {
  if (completed == -EINTR) {
    return -EAGAIN;
  }
  if (completed == -EAGAIN && is_on_file(op.code)) {
    return -EOPNOTSUPP;  // nothing will ever tell when to try again
  }
  if (completed == -EAGAIN || (completed == -ENOBUFS && op.code == opcode::receive_leased)) {
    // Older kernels do not wait on a non-blocking handle for every kind of call. A leased receive
    // has come when the ring of buffers was empty.
    op.poll_first = true;
    return -EAGAIN;
  }
  if (op.poll_first && completed >= 0) {
    op.polled = true;
    return -EAGAIN;
  }
  if (op.code == opcode::wait_readable || op.code == opcode::wait_writable) {
    return completed < 0 ? completed : 0;
  }
  if (op.code == opcode::connect) {
    return result_of_connect(op, completed);
  }
  return completed;
}

weft::detail::sys::call injected_as(opcode code) noexcept {
  using weft::detail::sys::call;
  switch (code) {
    case opcode::receive:
    case opcode::receive_leased:
      return call::receive;
    case opcode::send:
      return call::send;
    case opcode::receive_message:
      return call::receive_message;
    case opcode::send_message:
      return call::send_message;
    case opcode::read:
      return call::read;
    case opcode::write:
      return call::write;
    case opcode::accept:
      return call::accept;
    case opcode::connect:
      return call::connect;
    case opcode::read_at:
      return call::read;
    case opcode::write_at:
      return call::write;
    case opcode::sync:
    case opcode::sync_data:
      return call::sync_file;
    case opcode::wait_readable:
    case opcode::wait_writable:
      break;
  }
  return call::poll;
}

std::uint64_t make_tag(const operation& op, std::uint16_t number) noexcept {
  return reinterpret_cast<std::uintptr_t>(&op) | std::uint64_t{number} << address_bits;
}

operation& operation_of(std::uint64_t tag) noexcept {
  return *reinterpret_cast<operation*>(
      static_cast<std::uintptr_t>(tag & ((std::uint64_t{1} << address_bits) - 1)));
}

}  // namespace weft::io
