#include <algorithm>
#include <cerrno>
#include <climits>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <weft/io/detail/syscalls.hpp>

#include "syscalls_posix.hpp"

/// The BSDs have most of what Linux added to POSIX for descriptors that are non-blocking and closed
/// by exec() from the start; macOS has none of it, and a descriptor made while another thread forks
/// may be inherited there. Neither has a call that moves bytes between a pipe and a socket: callers
/// copy.
namespace weft::detail::sys {

namespace {

#if defined(__APPLE__)
int adapt(int fd) noexcept {
  if (fd >= 0) {
    ::fcntl(fd, F_SETFD, FD_CLOEXEC);
    ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
  }
  return fd;
}

/// There a broken connection raises a signal unless the socket says otherwise.
int adapt_socket(int fd) noexcept {
  const int on = 1;
  if (adapt(fd) >= 0) {
    ::setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on);
  }
  return fd;
}

int make_socket(int family, int type, int protocol) noexcept {
  return adapt_socket(::socket(family, type, protocol));
}

int make_pair(int type, int* ends) noexcept {
  if (::socketpair(AF_UNIX, type, 0, ends) < 0) {
    return -1;
  }
  adapt_socket(ends[0]);
  adapt_socket(ends[1]);
  return 0;
}

int accept_socket(int fd, sockaddr* address, unsigned* size) noexcept {
  return adapt_socket(::accept(fd, address, size));
}

int make_pipe(int* ends) noexcept {
  if (::pipe(ends) < 0) {
    return -1;
  }
  adapt(ends[0]);
  adapt(ends[1]);
  return 0;
}

int poll_once(std::span<pollfd> entries, const timespec* left) noexcept {
  int milliseconds = -1;
  if (left) {
    // Rounded up: a wait that ends early would be repeated until the time has come.
    const auto wait = std::int64_t{left->tv_sec} * 1000 + (left->tv_nsec + 999'999) / 1'000'000;
    milliseconds = static_cast<int>(std::min<std::int64_t>(wait, INT_MAX));
  }
  return ::poll(entries.data(), static_cast<nfds_t>(entries.size()), milliseconds);
}
#else
int make_socket(int family, int type, int protocol) noexcept {
  return ::socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
}

int make_pair(int type, int* ends) noexcept {
  return ::socketpair(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends);
}

int accept_socket(int fd, sockaddr* address, unsigned* size) noexcept {
  return ::accept4(fd, address, size, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

int make_pipe(int* ends) noexcept {
  return ::pipe2(ends, O_CLOEXEC | O_NONBLOCK);
}

int poll_once(std::span<pollfd> entries, const timespec* left) noexcept {
  return ::ppoll(entries.data(), static_cast<nfds_t>(entries.size()), left, nullptr);
}
#endif

/// The error that a connection attempt has left on a stream socket, or 0.
int take_failed_attempt(int fd) noexcept {
  int value = 0;
  socklen_t size = sizeof value;
  if (::getsockopt(fd, SOL_SOCKET, SO_TYPE, &value, &size) < 0 || value != SOCK_STREAM) {
    return 0;
  }
  size = sizeof value;
  return ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &value, &size) < 0 ? 0 : value;
}

}  // namespace

int socket(int family, int type, int protocol) noexcept {
  return make(call::socket, -1, 0,
              [&](std::size_t) { return make_socket(family, type, protocol); });
}

int socket_pair(int type, int (&ends)[2]) noexcept {
  return make(call::socket, -1, 0, [&](std::size_t) { return make_pair(type, ends); });
}

int connect(int fd, const sockaddr* address, unsigned size) noexcept {
  // Asked again after an attempt has failed, these systems may begin another one.
  if (const int failed = take_failed_attempt(fd); failed != 0) {
    return -failed;
  }
  return make(call::connect, fd, 0, [&](std::size_t) { return ::connect(fd, address, size); });
}

int accept(int fd, sockaddr* address, unsigned* size) noexcept {
  return make(call::accept, fd, 0, [&](std::size_t) { return accept_socket(fd, address, size); });
}

int poll(std::span<pollfd> entries, time_point until) noexcept {
  return make(call::poll, entries.empty() ? -1 : entries.front().fd, 0, [&](std::size_t) {
    timespec left{};
    return poll_once(entries, time_left(until, left));
  });
}

int pipe(int (&ends)[2], int) noexcept {
  return make(call::pipe, -1, 0, [&](std::size_t) { return make_pipe(ends); });
}

int wake_pipe(int (&ends)[2]) noexcept {
  return make(call::wake_pipe, -1, 0, [&](std::size_t) { return make_pipe(ends); });
}

std::ptrdiff_t splice(int, int, std::size_t) noexcept {
  return -ENOSYS;
}

std::ptrdiff_t read_at(int file, void* data, std::size_t size, std::int64_t offset) noexcept {
  return make(call::read, file, size,
              [&](std::size_t n) { return ::pread(file, data, n, static_cast<off_t>(offset)); });
}

}  // namespace weft::detail::sys
