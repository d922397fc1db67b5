#include "syscalls_transfer_linux.hpp"

#include <utility>

/// Bytes and messages to and from sockets.
namespace weft::detail::sys {

namespace {

/// A message that the simpler calls can move as well: they copy no header, which is a tenth of what
/// a datagram costs.
bool is_simple(const msghdr& message) noexcept {
  return message.msg_iovlen == 1 && message.msg_controllen == 0;
}

}  // namespace

std::ptrdiff_t receive(int fd, void* data, std::size_t& size, int flags) noexcept {
  return receive_in_line(fd, data, size, flags);
}

std::ptrdiff_t send(int fd, const void* data, std::size_t& size, int flags) noexcept {
  return send_in_line(fd, data, size, flags);
}

std::ptrdiff_t receive_message(int fd, msghdr* message, int flags) noexcept {
  // Without the header's flags the size has to tell what was cut off.
  const bool simple = is_simple(*message) && (flags & MSG_TRUNC);
  if (!simple) {
    return make(call::receive_message, fd, 0,
                [&](std::size_t) { return ::recvmsg(fd, message, flags | MSG_DONTWAIT); });
  }
  return make_raw(call::receive_message, fd, 0, [&](std::size_t) {
    const iovec& part = message->msg_iov[0];
    const auto size = receive_now(fd, part.iov_base, part.iov_len, flags,
                                  static_cast<sockaddr*>(message->msg_name), &message->msg_namelen);
    message->msg_flags = std::cmp_greater(size, part.iov_len) ? MSG_TRUNC : 0;
    return size;
  });
}

std::ptrdiff_t send_message(int fd, const msghdr* message, int flags) noexcept {
  if (!is_simple(*message)) {
    return make(call::send_message, fd, 0, [&](std::size_t) {
      return ::sendmsg(fd, message, flags | MSG_DONTWAIT | MSG_NOSIGNAL);
    });
  }
  return make_raw(call::send_message, fd, 0, [&](std::size_t) {
    const iovec& part = message->msg_iov[0];
    return send_now(fd, part.iov_base, part.iov_len, flags,
                    static_cast<const sockaddr*>(message->msg_name), message->msg_namelen);
  });
}

std::ptrdiff_t send_to(int fd, std::span<const std::byte> data, const sockaddr* to,
                       unsigned to_size) noexcept {
  return make_raw(to ? call::send_message : call::send, fd, 0, [&](std::size_t) {
    return send_now(fd, data.data(), data.size(), 0, to, to_size);
  });
}

}  // namespace weft::detail::sys
