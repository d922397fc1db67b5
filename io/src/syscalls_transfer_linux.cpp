#include <cerrno>
#include <utility>

#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <weft/io/detail/syscalls.hpp>

#include "syscalls_posix.hpp"

/// Bytes and messages to and from sockets.
namespace weft::detail::sys {

namespace {

// The C library's calls are points where a thread may be cancelled, for which a process with
// several threads pays by two locked instructions each. Sanitizers look at the library's calls
// only.
#if defined(SYS_recvfrom) && defined(SYS_sendto) && !WEFT_TSAN && !WEFT_ASAN
std::ptrdiff_t receive_now(int fd, void* data, std::size_t size, int flags, sockaddr* from,
                           unsigned* from_size) noexcept {
  return ::syscall(SYS_recvfrom, fd, data, size, flags | MSG_DONTWAIT, from, from_size);
}
std::ptrdiff_t send_now(int fd, const void* data, std::size_t size, int flags, const sockaddr* to,
                        unsigned to_size) noexcept {
  return ::syscall(SYS_sendto, fd, data, size, flags | MSG_DONTWAIT | MSG_NOSIGNAL, to, to_size);
}
#else
std::ptrdiff_t receive_now(int fd, void* data, std::size_t size, int flags, sockaddr* from,
                           unsigned* from_size) noexcept {
  return ::recvfrom(fd, data, size, flags | MSG_DONTWAIT, from, from_size);
}
std::ptrdiff_t send_now(int fd, const void* data, std::size_t size, int flags, const sockaddr* to,
                        unsigned to_size) noexcept {
  return ::sendto(fd, data, size, flags | MSG_DONTWAIT | MSG_NOSIGNAL, to, to_size);
}
#endif

/// A message that the simpler calls can move as well: they copy no header, which is a tenth of what
/// a datagram costs.
bool is_simple(const msghdr& message) noexcept {
  return message.msg_iovlen == 1 && message.msg_controllen == 0;
}

}  // namespace

std::ptrdiff_t receive(int fd, void* data, std::size_t& size, int flags) noexcept {
  return make(call::receive, fd, size, [&](std::size_t n) {
    return receive_now(fd, data, size = n, flags, nullptr, nullptr);
  });
}

std::ptrdiff_t send(int fd, const void* data, std::size_t& size, int flags) noexcept {
  return make(call::send, fd, size,
              [&](std::size_t n) { return send_now(fd, data, size = n, flags, nullptr, 0); });
}

std::ptrdiff_t receive_message(int fd, msghdr* message, int flags) noexcept {
  // Without the header's flags the size has to tell what was cut off.
  const bool simple = is_simple(*message) && (flags & MSG_TRUNC);
  return make(call::receive_message, fd, 0, [&](std::size_t) -> std::ptrdiff_t {
    if (!simple) {
      return ::recvmsg(fd, message, flags | MSG_DONTWAIT);
    }
    const iovec& part = message->msg_iov[0];
    const auto size = receive_now(fd, part.iov_base, part.iov_len, flags,
                                  static_cast<sockaddr*>(message->msg_name), &message->msg_namelen);
    message->msg_flags = std::cmp_greater(size, part.iov_len) ? MSG_TRUNC : 0;
    return size;
  });
}

std::ptrdiff_t send_message(int fd, const msghdr* message, int flags) noexcept {
  return make(call::send_message, fd, 0, [&](std::size_t) {
    if (!is_simple(*message)) {
      return ::sendmsg(fd, message, flags | MSG_DONTWAIT | MSG_NOSIGNAL);
    }
    const iovec& part = message->msg_iov[0];
    return send_now(fd, part.iov_base, part.iov_len, flags,
                    static_cast<const sockaddr*>(message->msg_name), message->msg_namelen);
  });
}

std::ptrdiff_t send_to(int fd, std::span<const std::byte> data, const sockaddr* to,
                       unsigned to_size) noexcept {
  return make(to ? call::send_message : call::send, fd, 0,
              [&](std::size_t) { return send_now(fd, data.data(), data.size(), 0, to, to_size); });
}

}  // namespace weft::detail::sys
