#include "syscalls_posix.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <weft/io/detail/syscalls.hpp>

namespace weft::detail::sys {

std::atomic<injector> installed{nullptr};

injector inject(injector asked_before_each_call) noexcept {
  return installed.exchange(asked_before_each_call, std::memory_order_acq_rel);
}

fault consult(call which, int fd, std::size_t size) noexcept {
  return ask_injector(which, fd, size);
}

int bind(int fd, const sockaddr* address, unsigned size) noexcept {
  return make(call::bind, fd, 0, [&](std::size_t) { return ::bind(fd, address, size); });
}

int listen(int fd, int backlog) noexcept {
  return make(call::listen, fd, 0, [&](std::size_t) { return ::listen(fd, backlog); });
}

int shutdown(int fd, int how) noexcept {
  return make(call::shutdown, fd, 0, [&](std::size_t) { return ::shutdown(fd, how); });
}

int close(int fd) noexcept {
  // Never repeated: on Linux the number is free even when close() was interrupted.
  const int result = ::close(fd);
  if (const fault f = consult(call::close, fd); f.error != 0) {
    return -f.error;
  }
  return result < 0 ? -errno : result;
}

int duplicate_socket(int fd) noexcept {
  const int made = ::fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  return made < 0 ? -errno : made;
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

std::error_code error_of(std::ptrdiff_t result) noexcept {
  return {static_cast<int>(-result), std::system_category()};
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
  // Where the system counts seconds in 32 bits it waits for 68 years at most, and is asked again.
  constexpr std::int64_t longest = std::numeric_limits<time_t>::max();
  left.tv_sec = static_cast<time_t>(std::min<std::int64_t>(wait / 1'000'000'000, longest));
  left.tv_nsec = static_cast<long>(wait % 1'000'000'000);
  return &left;
}

}  // namespace weft::detail::sys
