#include "syscalls_linux.hpp"

#include <csignal>

#include <fcntl.h>
#include <poll.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include "syscalls_posix.hpp"

namespace weft::detail::sys {

int socket(int family, int type, int protocol) noexcept {
  return make(call::socket, -1, 0, [&](std::size_t) {
    return ::socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
  });
}

int socket_pair(int type, int (&ends)[2]) noexcept {
  return make(call::socket, -1, 0, [&](std::size_t) {
    return ::socketpair(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends);
  });
}

int connect(int fd, const sockaddr* address, unsigned size) noexcept {
  return make(call::connect, fd, 0, [&](std::size_t) { return ::connect(fd, address, size); });
}

int accept(int fd, sockaddr* address, unsigned* size) noexcept {
  return make(call::accept, fd, 0, [&](std::size_t) {
    return ::accept4(fd, address, size, SOCK_NONBLOCK | SOCK_CLOEXEC);
  });
}

int poll(std::span<pollfd> entries, time_point until) noexcept {
  return make(call::poll, entries.empty() ? -1 : entries.front().fd, 0, [&](std::size_t) {
    timespec left{};
    return ::ppoll(entries.data(), entries.size(), time_left(until, left), nullptr);
  });
}

int pipe(int (&ends)[2], int size) noexcept {
  return make(call::pipe, -1, 0, [&](std::size_t) {
    const int made = ::pipe2(ends, O_CLOEXEC | O_NONBLOCK);
    if (made == 0) {
      ::fcntl(ends[1], F_SETPIPE_SZ, size);
    }
    return made;
  });
}

int wake_pipe(int (&ends)[2]) noexcept {
  return make(call::wake_pipe, -1, 0,
              [&](std::size_t) { return ::pipe2(ends, O_CLOEXEC | O_NONBLOCK); });
}

namespace {

/// A call that cannot be told not to raise SIGPIPE: holds the signal back from this thread, and
/// takes the one that the call has raised.
template <class Call>
std::ptrdiff_t without_broken_pipe_signal(Call&& call_it) noexcept {
  sigset_t broken_pipe;
  sigset_t before;
  ::sigemptyset(&broken_pipe);
  ::sigaddset(&broken_pipe, SIGPIPE);
  ::pthread_sigmask(SIG_BLOCK, &broken_pipe, &before);
  const std::ptrdiff_t result = call_it();
  if (result == -EPIPE && !::sigismember(&before, SIGPIPE)) {
    const timespec at_once{};
    ::sigtimedwait(&broken_pipe, nullptr, &at_once);
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return result;
}

}  // namespace

std::ptrdiff_t splice(int from, int to, std::size_t size) noexcept {
  return without_broken_pipe_signal([&] {
    return make(call::splice, from, size, [&](std::size_t n) {
      return ::splice(from, nullptr, to, nullptr, n, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
    });
  });
}

std::ptrdiff_t send_file(int socket, int file, std::int64_t& offset, std::size_t size) noexcept {
  return without_broken_pipe_signal([&] {
    return make(call::send_file, socket, size,
                [&](std::size_t n) { return ::sendfile64(socket, file, &offset, n); });
  });
}

std::ptrdiff_t read_at(int file, void* data, std::size_t size, std::int64_t offset) noexcept {
  return make(call::read, file, size,
              [&](std::size_t n) { return ::pread64(file, data, n, offset); });
}

}  // namespace weft::detail::sys
