#include <algorithm>
#include <array>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <weft/io/detail/syscalls.hpp>
#include <weft/net/tcp.hpp>

#include "socket.hpp"

namespace weft {

namespace {

constexpr std::size_t most_buffers = 64;

io::operation reading(std::span<std::byte> buffer) noexcept {
  return {
      .code = io::opcode::receive, .is_stream = true, .data = buffer.data(), .size = buffer.size()};
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

template <class Byte>
bool asks_for_nothing(std::span<const std::span<Byte>> buffers) noexcept {
  return std::ranges::all_of(buffers.first(std::min(buffers.size(), most_buffers)),
                             [](std::span<Byte> b) { return b.empty(); });
}

template <class Byte>
std::size_t fill(std::span<const std::span<Byte>> buffers,
                 std::array<iovec, most_buffers>& parts) noexcept {
  const std::size_t count = std::min(buffers.size(), most_buffers);
  for (std::size_t i = 0; i < count; ++i) {
    parts[i] = {.iov_base = const_cast<std::byte*>(buffers[i].data()),
                .iov_len = buffers[i].size()};
  }
  return count;
}

template <class Byte>
result<std::size_t> move_vectored(const io::descriptor& socket, io::opcode code,
                                  std::span<const std::span<Byte>> buffers) noexcept {
  std::array<iovec, most_buffers> parts;
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = fill(buffers, parts);
  io::operation op{.code = code, .data = &message};
  return socket.perform(op);
}

}  // namespace

result<std::size_t> tcp_stream::read(std::span<std::byte> buffer) const noexcept {
  if (buffer.empty()) {
    return 0;  // the system would wait for data all the same
  }
  io::operation op = reading(buffer);
  return unless_ended(descriptor_.perform(op));
}

result<void> tcp_stream::read_exact(std::span<std::byte> buffer) const noexcept {
  while (!buffer.empty()) {
    auto n = read(buffer);
    if (!n) {
      return fail(n.error());
    }
    buffer = buffer.subspan(*n);
  }
  return {};
}

result<std::size_t> tcp_stream::read_vectored(
    std::span<const std::span<std::byte>> buffers) const noexcept {
  if (asks_for_nothing(buffers)) {
    return 0;
  }
  return unless_ended(move_vectored(descriptor_, io::opcode::receive_message, buffers));
}

result<std::size_t> tcp_stream::try_read(std::span<std::byte> buffer) const noexcept {
  if (buffer.empty()) {
    return 0;
  }
  io::operation op = reading(buffer);
  return unless_ended(descriptor_.try_perform(op));
}

result<std::size_t> tcp_stream::write(std::span<const std::byte> data) const noexcept {
  if (data.empty()) {
    return 0;
  }
  io::operation op = writing(data);
  return descriptor_.perform(op);
}

result<void> tcp_stream::write_all(std::span<const std::byte> data) const noexcept {
  while (!data.empty()) {
    auto n = write(data);
    if (!n) {
      return fail(n.error());
    }
    data = data.subspan(*n);
  }
  return {};
}

result<std::size_t> tcp_stream::write_vectored(
    std::span<const std::span<const std::byte>> buffers) const noexcept {
  if (asks_for_nothing(buffers)) {
    return 0;
  }
  return move_vectored(descriptor_, io::opcode::send_message, buffers);
}

result<std::size_t> tcp_stream::try_write(std::span<const std::byte> data) const noexcept {
  if (data.empty()) {
    return 0;
  }
  io::operation op = writing(data);
  return descriptor_.try_perform(op);
}

result<void> tcp_stream::shutdown(socket_side side) const noexcept {
  const int how = side == socket_side::read    ? SHUT_RD
                  : side == socket_side::write ? SHUT_WR
                                               : SHUT_RDWR;
  return detail::do_on(descriptor_,
                       [&](int fd) noexcept { return detail::sys::shutdown(fd, how); });
}

result<endpoint> tcp_stream::local_endpoint() const noexcept {
  return detail::local_endpoint_of(descriptor_);
}

result<endpoint> tcp_stream::peer_endpoint() const noexcept {
  return detail::peer_endpoint_of(descriptor_);
}

result<void> tcp_stream::set_no_delay(bool on) const noexcept {
  return detail::set_flag(descriptor_, IPPROTO_TCP, TCP_NODELAY, on);
}

result<bool> tcp_stream::no_delay() const noexcept {
  return detail::flag(descriptor_, IPPROTO_TCP, TCP_NODELAY);
}

}  // namespace weft
