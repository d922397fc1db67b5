#include <algorithm>
#include <atomic>
#include <cerrno>
#include <limits>

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <weft/io/detail/syscalls.hpp>

#include "syscalls_linux.hpp"
#include "syscalls_posix.hpp"

namespace weft::detail::sys {

namespace {

int value_or_error(int result) noexcept {
  return result < 0 ? -errno : result;
}

int milliseconds_left(const timespec* left) noexcept {
  if (!left) {
    return -1;
  }
  // Rounded up: a wait that ends early would be repeated until the time has come.
  const std::int64_t wait =
      std::int64_t{left->tv_sec} * 1000 + (left->tv_nsec + 999'999) / 1'000'000;
  return static_cast<int>(std::min<std::int64_t>(wait, std::numeric_limits<int>::max()));
}

int wait_once(int epoll, epoll_event* events, int count, const timespec* left) noexcept {
// ThreadSanitizer knows that epoll_wait() comes after epoll_ctl(), and knows nothing of a call by
// number.
#if defined(SYS_epoll_pwait2) && !WEFT_TSAN
  // Nanoseconds, from Linux 5.11 on; the kernel takes 64-bit times on every processor.
  struct {
    std::int64_t seconds;
    std::int64_t nanoseconds;
  } wide{};
  static std::atomic<bool> known{true};
  if (known.load(std::memory_order_relaxed)) {
    if (left) {
      wide = {left->tv_sec, left->tv_nsec};
    }
    const long result =
        ::syscall(SYS_epoll_pwait2, epoll, events, count, left ? &wide : nullptr, nullptr, 0);
    if (result >= 0 || errno != ENOSYS) {
      return static_cast<int>(result);
    }
    known.store(false, std::memory_order_relaxed);
  }
#endif
  return ::epoll_wait(epoll, events, count, milliseconds_left(left));
}

}  // namespace

int epoll_create() noexcept {
  if (const fault f = consult(call::epoll_create, -1); f.error != 0) {
    return -f.error;
  }
  return value_or_error(::epoll_create1(EPOLL_CLOEXEC));
}

namespace {

int epoll_control(int epoll, int what, int fd, std::uint32_t events, void* data) noexcept {
  if (const fault f = consult(call::epoll_control, fd); f.error != 0) {
    return -f.error;
  }
  epoll_event wanted{};
  wanted.events = events;
  wanted.data.ptr = data;
  return value_or_error(::epoll_ctl(epoll, what, fd, &wanted));
}

}  // namespace

int epoll_add(int epoll, int fd, std::uint32_t events, void* data) noexcept {
  return epoll_control(epoll, EPOLL_CTL_ADD, fd, events, data);
}

int epoll_rearm(int epoll, int fd, std::uint32_t events, void* data) noexcept {
  return epoll_control(epoll, EPOLL_CTL_MOD, fd, events, data);
}

int epoll_remove(int epoll, int fd) noexcept {
  epoll_event ignored{};
  return value_or_error(::epoll_ctl(epoll, EPOLL_CTL_DEL, fd, &ignored));
}

int epoll_wait(int epoll, epoll_event* events, int count, time_point until) noexcept {
  if (const fault f = consult(call::epoll_wait, epoll); f.error != 0) {
    return f.error == EINTR ? 0 : -f.error;
  }
  timespec left{};
  const int result = value_or_error(wait_once(epoll, events, count, time_left(until, left)));
  return result == -EINTR ? 0 : result;
}

int event_fd() noexcept {
  if (const fault f = consult(call::event_fd, -1); f.error != 0) {
    return -f.error;
  }
  return value_or_error(::eventfd(0, EFD_CLOEXEC));
}

void signal_event(int event_fd) noexcept {
  const std::uint64_t one = 1;
  // Fails only at 2^64 - 2 unread signals.
  [[maybe_unused]] const auto written = ::write(event_fd, &one, sizeof one);
}

}  // namespace weft::detail::sys
