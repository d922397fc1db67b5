#include <cerrno>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#include <weft/io/detail/syscalls.hpp>

#include "syscalls_posix.hpp"

/// Bytes and messages to and from sockets, as the BSDs and macOS move them.
namespace weft::detail::sys {

namespace {

#if defined(__APPLE__)
constexpr int no_signal = 0;  // an option of the socket, set when it is made
#else
constexpr int no_signal = MSG_NOSIGNAL;
#endif

std::ptrdiff_t send_now(int fd, const void* data, std::size_t size, int flags, const sockaddr* to,
                        unsigned to_size) noexcept {
  return ::sendto(fd, data, size, flags | MSG_DONTWAIT | no_signal, to, to_size);
}

/// The size of a datagram that did not fit is not told, only that it did not: one byte more than
/// there was room for stands for that.
std::ptrdiff_t receive_telling(int fd, void* data, std::size_t size, int flags) noexcept {
  iovec part{.iov_base = data, .iov_len = size};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  const std::ptrdiff_t received = ::recvmsg(fd, &message, (flags & ~MSG_TRUNC) | MSG_DONTWAIT);
  return received >= 0 && (message.msg_flags & MSG_TRUNC) ? received + 1 : received;
}

#if defined(__APPLE__)
/// There a call cannot be told to make what it hands over close on exec.
void adopt_handles(msghdr& message) noexcept {
  for (cmsghdr* at = CMSG_FIRSTHDR(&message); at; at = CMSG_NXTHDR(&message, at)) {
    if (at->cmsg_level != SOL_SOCKET || at->cmsg_type != SCM_RIGHTS) {
      continue;
    }
    const auto* const handles = reinterpret_cast<const int*>(CMSG_DATA(at));
    const std::size_t count = (at->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      ::fcntl(handles[i], F_SETFD, FD_CLOEXEC);
    }
  }
}

/// `size` becomes what was sent, which may be something though the call failed.
int send_file_once(int file, int socket, off_t offset, std::size_t wanted, off_t& size) noexcept {
  size = static_cast<off_t>(wanted);
  return ::sendfile(file, socket, offset, &size, nullptr, 0);
}
#else
void adopt_handles(msghdr&) noexcept {}
#endif

#if defined(__FreeBSD__) || defined(__DragonFly__)
int send_file_once(int file, int socket, off_t offset, std::size_t wanted, off_t& size) noexcept {
  return ::sendfile(file, socket, offset, wanted, nullptr, &size, 0);
}
#elif !defined(__APPLE__)
int send_file_once(int, int, off_t, std::size_t, off_t&) noexcept {
  errno = ENOSYS;
  return -1;
}
#endif

}  // namespace

std::ptrdiff_t receive(int fd, void* data, std::size_t& size, int flags) noexcept {
  return make(call::receive, fd, size, [&](std::size_t n) {
    size = n;
    return flags & MSG_TRUNC ? receive_telling(fd, data, n, flags)
                             : ::recvfrom(fd, data, n, flags | MSG_DONTWAIT, nullptr, nullptr);
  });
}

std::ptrdiff_t send(int fd, const void* data, std::size_t& size, int flags) noexcept {
  return make(call::send, fd, size,
              [&](std::size_t n) { return send_now(fd, data, size = n, flags, nullptr, 0); });
}

std::ptrdiff_t receive_message(int fd, msghdr* message, int flags) noexcept {
  return make(call::receive_message, fd, 0, [&](std::size_t) {
    const std::ptrdiff_t size = ::recvmsg(fd, message, (flags & ~MSG_TRUNC) | MSG_DONTWAIT);
    if (size >= 0 && message->msg_controllen > 0) {
      adopt_handles(*message);
    }
    return size;
  });
}

std::ptrdiff_t send_message(int fd, const msghdr* message, int flags) noexcept {
  return make(call::send_message, fd, 0, [&](std::size_t) {
    return ::sendmsg(fd, message, flags | MSG_DONTWAIT | no_signal);
  });
}

std::ptrdiff_t send_to(int fd, std::span<const std::byte> data, const sockaddr* to,
                       unsigned to_size) noexcept {
  return make(to ? call::send_message : call::send, fd, 0,
              [&](std::size_t) { return send_now(fd, data.data(), data.size(), 0, to, to_size); });
}

std::ptrdiff_t send_file(int socket, int file, std::int64_t& offset, std::size_t size) noexcept {
  return make(call::send_file, socket, size, [&](std::size_t n) -> std::ptrdiff_t {
    off_t sent = 0;
    const int done = send_file_once(file, socket, static_cast<off_t>(offset), n, sent);
    if (done < 0 && !(sent > 0 && (errno == EAGAIN || errno == EINTR))) {
      return -1;
    }
    offset += sent;
    return static_cast<std::ptrdiff_t>(sent);
  });
}

}  // namespace weft::detail::sys
