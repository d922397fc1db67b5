#include <algorithm>
#include <array>

#include <sys/socket.h>
#include <sys/uio.h>

#include <weft/io/detail/syscalls.hpp>
#include <weft/net/stream_socket.hpp>

#include "socket.hpp"

namespace weft {

namespace {

constexpr std::size_t most_buffers = stream_socket::most_buffers;

io::operation reading(std::span<std::byte> buffer) noexcept {
  return {
      .code = io::opcode::receive, .is_stream = true, .data = buffer.data(), .size = buffer.size()};
}

io::operation reading_leased() noexcept {
  return {.code = io::opcode::receive_leased, .is_stream = true};
}

/// Not as a stream: fewer bytes than asked for do not mean that the next call would have to wait.
io::operation peeking(std::span<std::byte> buffer) noexcept {
  return {
      .code = io::opcode::receive, .flags = MSG_PEEK, .data = buffer.data(), .size = buffer.size()};
}

io::operation writing(std::span<const std::byte> data) noexcept {
  return {.code = io::opcode::send,
          .is_stream = true,
          .data = const_cast<std::byte*>(data.data()),
          .size = data.size()};
}

/// A read of nothing where something was asked for is the end.
result<std::size_t> unless_ended(result<std::size_t> moved) noexcept {
  if (moved && *moved == 0) {
    return fail(errc::end_of_stream);
  }
  return moved;
}

result<io::leased_buffer> lease_of(const io::operation& op, result<std::size_t> received) noexcept {
  const auto size = unless_ended(received);
  if (!size) {
    return fail(size.error());
  }
  return io::leased_buffer(static_cast<std::byte*>(op.data), *size, op.size);
}

/// The system's form of a list of buffers.
template <class Byte>
class message {
 public:
  explicit message(std::span<const std::span<Byte>> buffers) noexcept {
    // Without the empty ones: a call that leaves the rest is to move something all the same.
    std::size_t count = 0;
    for (const std::span<Byte>& buffer : buffers) {
      if (count == most_buffers) {
        break;
      }
      if (!buffer.empty()) {
        parts_[count++] = {.iov_base = const_cast<std::byte*>(buffer.data()),
                           .iov_len = buffer.size()};
      }
    }
    header_.msg_iov = parts_.data();
    header_.msg_iovlen = static_cast<decltype(header_.msg_iovlen)>(count);
  }
  message(const message&) = delete;
  message& operator=(const message&) = delete;

  bool is_empty() const noexcept { return header_.msg_iovlen == 0; }
  io::operation moving(io::opcode code) noexcept { return {.code = code, .data = &header_}; }

 private:
  std::array<iovec, most_buffers> parts_;
  msghdr header_{};
};

result<void> nothing_of(const result<std::size_t>& outcome) noexcept {
  return outcome ? result<void>() : fail(outcome.error());
}

}  // namespace

result<std::size_t> stream_socket::read(std::span<std::byte> buffer) const noexcept {
  if (buffer.empty()) {
    return 0;  // the system would wait for data all the same
  }
  io::operation op = reading(buffer);
  return unless_ended(descriptor_.perform(op));
}

result<void> stream_socket::read_exact(std::span<std::byte> buffer) const noexcept {
  while (!buffer.empty()) {
    auto n = read(buffer);
    if (!n) {
      return fail(n.error());
    }
    buffer = buffer.subspan(*n);
  }
  return {};
}

result<std::size_t> stream_socket::read_vectored(
    std::span<const std::span<std::byte>> buffers) const noexcept {
  message parts(buffers);
  if (parts.is_empty()) {
    return 0;
  }
  io::operation op = parts.moving(io::opcode::receive_message);
  return unless_ended(descriptor_.perform(op));
}

result<std::size_t> stream_socket::try_read(std::span<std::byte> buffer) const noexcept {
  if (buffer.empty()) {
    return 0;
  }
  io::operation op = reading(buffer);
  return unless_ended(descriptor_.try_perform(op));
}

result<std::size_t> stream_socket::try_read_vectored(
    std::span<const std::span<std::byte>> buffers) const noexcept {
  message parts(buffers);
  if (parts.is_empty()) {
    return 0;
  }
  io::operation op = parts.moving(io::opcode::receive_message);
  return unless_ended(descriptor_.try_perform(op));
}

result<io::leased_buffer> stream_socket::read_leased() const noexcept {
  io::operation op = reading_leased();
  const auto received = descriptor_.perform(op);
  return lease_of(op, received);
}

result<io::leased_buffer> stream_socket::try_read_leased() const noexcept {
  io::operation op = reading_leased();
  const auto received = descriptor_.try_perform(op);
  return lease_of(op, received);
}

result<std::size_t> stream_socket::peek(std::span<std::byte> buffer) const noexcept {
  if (buffer.empty()) {
    return 0;
  }
  io::operation op = peeking(buffer);
  return unless_ended(descriptor_.perform(op));
}

result<std::size_t> stream_socket::try_peek(std::span<std::byte> buffer) const noexcept {
  if (buffer.empty()) {
    return 0;
  }
  io::operation op = peeking(buffer);
  return unless_ended(descriptor_.try_perform(op));
}

result<std::size_t> stream_socket::write(std::span<const std::byte> data) const noexcept {
  if (data.empty()) {
    return 0;
  }
  io::operation op = writing(data);
  return descriptor_.perform(op);
}

result<void> stream_socket::write_all(std::span<const std::byte> data) const noexcept {
  while (!data.empty()) {
    auto n = write(data);
    if (!n) {
      return fail(n.error());
    }
    data = data.subspan(*n);
  }
  return {};
}

result<std::size_t> stream_socket::write_vectored(
    std::span<const std::span<const std::byte>> buffers) const noexcept {
  message parts(buffers);
  if (parts.is_empty()) {
    return 0;
  }
  io::operation op = parts.moving(io::opcode::send_message);
  return descriptor_.perform(op);
}

result<void> stream_socket::write_all_vectored(
    std::span<const std::span<const std::byte>> buffers) const noexcept {
  std::array<std::span<const std::byte>, most_buffers> window;
  std::size_t sent_of_first = 0;
  while (!buffers.empty()) {
    const std::size_t count = std::min(buffers.size(), most_buffers);
    std::ranges::copy(buffers.first(count), window.begin());
    window[0] = window[0].subspan(sent_of_first);
    auto n = write_vectored(std::span(window).first(count));
    if (!n) {
      return fail(n.error());
    }
    sent_of_first += *n;
    while (!buffers.empty() && sent_of_first >= buffers.front().size()) {
      sent_of_first -= buffers.front().size();
      buffers = buffers.subspan(1);
    }
  }
  return {};
}

result<std::size_t> stream_socket::try_write(std::span<const std::byte> data) const noexcept {
  if (data.empty()) {
    return 0;
  }
  io::operation op = writing(data);
  return descriptor_.try_perform(op);
}

result<std::size_t> stream_socket::try_write_vectored(
    std::span<const std::span<const std::byte>> buffers) const noexcept {
  message parts(buffers);
  if (parts.is_empty()) {
    return 0;
  }
  io::operation op = parts.moving(io::opcode::send_message);
  return descriptor_.try_perform(op);
}

result<void> stream_socket::readable() const noexcept {
  io::operation op{.code = io::opcode::wait_readable};
  return nothing_of(descriptor_.perform(op));
}

result<void> stream_socket::writable() const noexcept {
  io::operation op{.code = io::opcode::wait_writable};
  return nothing_of(descriptor_.perform(op));
}

result<std::error_code> stream_socket::take_error() const noexcept {
  const auto pending = detail::number(descriptor_, SOL_SOCKET, SO_ERROR);
  if (!pending) {
    return fail(pending.error());
  }
  return detail::system_error_of(-*pending);
}

result<void> stream_socket::shutdown(socket_side side) const noexcept {
  const int how = side == socket_side::read    ? SHUT_RD
                  : side == socket_side::write ? SHUT_WR
                                               : SHUT_RDWR;
  return detail::do_on(descriptor_,
                       [&](int fd) noexcept { return detail::sys::shutdown(fd, how); });
}

}  // namespace weft
