#include "syscalls_linux.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>

#include <fcntl.h>
#include <poll.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include <weft/io/detail/syscalls.hpp>

namespace weft::detail::sys {

namespace {

std::atomic<injector> installed{nullptr};

/// Makes a call under the injector's eyes and turns its outcome into a value or minus errno. `make`
/// receives how many bytes it may move.
template <class Call>
auto make(call which, int fd, std::size_t size, Call&& make_it) noexcept {
  using value = decltype(make_it(size));
  for (;;) {
    const fault f = consult(which, fd, size);
    value result = -1;
    int error = f.error;
    if (error == 0) {
      result = make_it(std::min(size, f.limit));
      error = errno;
    }
    if (result >= 0) {
      return result;
    }
    if (error != EINTR) {
      return static_cast<value>(-error);
    }
  }
}

}  // namespace

injector inject(injector asked_before_each_call) noexcept {
  return installed.exchange(asked_before_each_call, std::memory_order_acq_rel);
}

fault consult(call which, int fd, std::size_t size) noexcept {
  if (injector asked = installed.load(std::memory_order_acquire)) [[unlikely]] {
    return asked(which, fd, size);
  }
  return {};
}

int socket(int family, int type, int protocol) noexcept {
  return make(call::socket, -1, 0, [&](std::size_t) { return ::socket(family, type, protocol); });
}

int bind(int fd, const sockaddr* address, unsigned size) noexcept {
  return make(call::bind, fd, 0, [&](std::size_t) { return ::bind(fd, address, size); });
}

int listen(int fd, int backlog) noexcept {
  return make(call::listen, fd, 0, [&](std::size_t) { return ::listen(fd, backlog); });
}

int accept(int fd, sockaddr* address, unsigned* size, int flags) noexcept {
  return make(call::accept, fd, 0,
              [&](std::size_t) { return ::accept4(fd, address, size, flags); });
}

int connect(int fd, const sockaddr* address, unsigned size) noexcept {
  return make(call::connect, fd, 0, [&](std::size_t) { return ::connect(fd, address, size); });
}

int shutdown(int fd, int how) noexcept {
  return make(call::shutdown, fd, 0, [&](std::size_t) { return ::shutdown(fd, how); });
}

int close(int fd) noexcept {
  // Never repeated: on Linux the number is free even when close() was interrupted.
  const int result = ::close(fd);
  return result < 0 ? -errno : result;
}

std::ptrdiff_t receive(int fd, void* data, std::size_t& size, int flags) noexcept {
  return make(call::receive, fd, size,
              [&](std::size_t n) { return ::recv(fd, data, size = n, flags | MSG_DONTWAIT); });
}

std::ptrdiff_t send(int fd, const void* data, std::size_t& size, int flags) noexcept {
  return make(call::send, fd, size,
              [&](std::size_t n) { return ::send(fd, data, size = n, flags | MSG_DONTWAIT); });
}

std::ptrdiff_t receive_message(int fd, msghdr* message, int flags) noexcept {
  return make(call::receive_message, fd, 0,
              [&](std::size_t) { return ::recvmsg(fd, message, flags | MSG_DONTWAIT); });
}

std::ptrdiff_t send_message(int fd, const msghdr* message, int flags) noexcept {
  return make(call::send_message, fd, 0,
              [&](std::size_t) { return ::sendmsg(fd, message, flags | MSG_DONTWAIT); });
}

std::ptrdiff_t read(int fd, void* data, std::size_t& size) noexcept {
  return make(call::read, fd, size, [&](std::size_t n) { return ::read(fd, data, size = n); });
}

std::ptrdiff_t write(int fd, const void* data, std::size_t& size) noexcept {
  return make(call::write, fd, size, [&](std::size_t n) { return ::write(fd, data, size = n); });
}

int poll(int fd, short events, time_point until) noexcept {
  pollfd entry{.fd = fd, .events = events, .revents = 0};
  return poll({&entry, 1}, until);
}

int poll(std::span<pollfd> entries, time_point until) noexcept {
  return make(call::poll, entries.empty() ? -1 : entries.front().fd, 0, [&](std::size_t) {
    timespec left{};
    return ::ppoll(entries.data(), entries.size(), time_left(until, left), nullptr);
  });
}

int get_option(int fd, int level, int name, void* value, unsigned* size) noexcept {
  return make(call::get_option, fd, 0,
              [&](std::size_t) { return ::getsockopt(fd, level, name, value, size); });
}

int set_option(int fd, int level, int name, const void* value, unsigned size) noexcept {
  return make(call::set_option, fd, 0,
              [&](std::size_t) { return ::setsockopt(fd, level, name, value, size); });
}

int local_name(int fd, sockaddr* address, unsigned* size) noexcept {
  return make(call::local_name, fd, 0,
              [&](std::size_t) { return ::getsockname(fd, address, size); });
}

int peer_name(int fd, sockaddr* address, unsigned* size) noexcept {
  return make(call::peer_name, fd, 0,
              [&](std::size_t) { return ::getpeername(fd, address, size); });
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

void signal_pipe(int write_end) noexcept {
  const int saved = errno;
  const char any = 0;
  [[maybe_unused]] const auto written = ::write(write_end, &any, 1);
  errno = saved;
}

void drain_pipe(int read_end) noexcept {
  std::array<char, 256> bytes;
  while (::read(read_end, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size())) {
  }
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

int set_nonblocking(int fd) noexcept {
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0) {
    return -errno;
  }
  if (!(flags & O_NONBLOCK) && ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) {
    return -errno;
  }
  return 0;
}

timespec* time_left(time_point until, timespec& left) noexcept {
  if (until == forever) {
    return nullptr;
  }
  const auto wait = until == time_point::min()
                        ? std::int64_t{0}
                        : std::max<std::int64_t>((until - clock::now()).count(), 0);
  left.tv_sec = static_cast<time_t>(wait / 1'000'000'000);
  left.tv_nsec = static_cast<long>(wait % 1'000'000'000);
  return &left;
}

}  // namespace weft::detail::sys
