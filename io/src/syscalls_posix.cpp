#include "syscalls_posix.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#if defined(__linux__)
#include <sys/syscall.h>
#endif
#include <unistd.h>

#include <weft/io/detail/syscalls.hpp>

namespace weft::detail::sys {

namespace {

std::atomic<injector> installed{nullptr};

#if defined(MSG_NOSIGNAL)
constexpr int no_signal = MSG_NOSIGNAL;
#else
constexpr int no_signal = 0;  // macOS: an option of the socket, set when it is made
#endif

#if defined(__linux__)
constexpr bool tells_whole_size = true;  // when MSG_TRUNC asks for it
#else
constexpr bool tells_whole_size = false;
#endif

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
  return ::syscall(SYS_sendto, fd, data, size, flags | MSG_DONTWAIT | no_signal, to, to_size);
}
#else
std::ptrdiff_t receive_now(int fd, void* data, std::size_t size, int flags, sockaddr* from,
                           unsigned* from_size) noexcept {
  return ::recvfrom(fd, data, size, flags | MSG_DONTWAIT, from, from_size);
}
std::ptrdiff_t send_now(int fd, const void* data, std::size_t size, int flags, const sockaddr* to,
                        unsigned to_size) noexcept {
  return ::sendto(fd, data, size, flags | MSG_DONTWAIT | no_signal, to, to_size);
}
#endif

/// A message that the simpler calls can move as well: they copy no header, which is a tenth of what
/// a datagram costs.
bool is_simple(const msghdr& message) noexcept {
  return message.msg_iovlen == 1 && message.msg_controllen == 0;
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

int bind(int fd, const sockaddr* address, unsigned size) noexcept {
  return make(call::bind, fd, 0, [&](std::size_t) { return ::bind(fd, address, size); });
}

int listen(int fd, int backlog) noexcept {
  return make(call::listen, fd, 0, [&](std::size_t) { return ::listen(fd, backlog); });
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
  if (const fault f = consult(call::close, fd); f.error != 0) {
    return -f.error;
  }
  return result < 0 ? -errno : result;
}

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
  const bool simple = tells_whole_size && is_simple(*message) && (flags & MSG_TRUNC);
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
      return ::sendmsg(fd, message, flags | MSG_DONTWAIT | no_signal);
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
