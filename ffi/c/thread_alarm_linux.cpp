#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <ctime>
#include <optional>

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <weft/runtime/errc.hpp>

#include "thread_alarm.hpp"

namespace weft::c {

namespace {

short events_of(io::direction side) noexcept {
  return side == io::direction::in ? POLLIN : POLLOUT;
}

/// What interrupts a thread in poll(). Rung by others only while it is in their lists, and silenced
/// by the thread before it waits again.
class alarm_bell final : public waker {
 public:
  alarm_bell() : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (fd_ < 0) {
      throw std::system_error(errno, std::system_category());
    }
  }
  alarm_bell(const alarm_bell&) = delete;
  alarm_bell& operator=(const alarm_bell&) = delete;
  ~alarm_bell() { ::close(fd_); }

  void fire() noexcept override {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(fd_, &one, sizeof one);
  }
  void silence() noexcept {
    std::uint64_t count = 0;
    [[maybe_unused]] const auto got = ::read(fd_, &count, sizeof count);
  }

  int fd() const noexcept { return fd_; }

 private:
  const int fd_;
};

alarm_bell& alarm_of_this_thread() {
  static thread_local alarm_bell mine;
  return mine;
}

/// ppoll() until a time; whether anything happened, or minus the error.
int poll_until(std::array<pollfd, 2>& of, time_point until) noexcept {
  timespec left{};
  if (until != forever) {
    // No longer than any timespec can say; the caller looks at the time anyway.
    const duration wait =
        std::clamp<duration>(until - clock::now(), duration::zero(), std::chrono::hours(24));
    const auto seconds = std::chrono::floor<std::chrono::seconds>(wait);
    left.tv_sec = static_cast<decltype(left.tv_sec)>(seconds.count());
    left.tv_nsec = static_cast<decltype(left.tv_nsec)>((wait - seconds).count());
  }
  const int ready = ::ppoll(of.data(), of.size(), until == forever ? nullptr : &left, nullptr);
  return ready < 0 ? -errno : ready;
}

}  // namespace

result<bool> is_ready(const io::descriptor& socket, io::direction side) noexcept {
  const auto held = socket.borrow();
  if (!held) {
    return fail(errc::closed);
  }
  pollfd one{.fd = held.native_handle(), .events = events_of(side), .revents = 0};
  return ::poll(&one, 1, 0) > 0;
}

result<void> wait_on_thread(const io::descriptor& socket, io::direction side, waker_list& closers,
                            const limits& how) {
  const auto held = socket.borrow();
  if (!held) {
    return fail(errc::closed);
  }
  alarm_bell& bell = alarm_of_this_thread();
  const waker_list::entry closing(closers, bell);
  std::optional<waker_list::entry> canceling;
  if (how.cancel) {
    canceling.emplace(how.cancel->waiting, bell);
  }
  for (;;) {
    std::array<pollfd, 2> of{
        pollfd{.fd = held.native_handle(), .events = events_of(side), .revents = 0},
        pollfd{.fd = bell.fd(), .events = POLLIN, .revents = 0}};
    const int ready = poll_until(of, how.until);
    if (ready < 0 && ready != -EINTR) {
      return fail(std::error_code(-ready, std::system_category()));
    }
    if (closers.is_fired()) {
      bell.silence();
      return fail(errc::closed);
    }
    if (how.cancel && how.cancel->waiting.is_fired()) {
      bell.silence();
      return fail(errc::operation_canceled);
    }
    if (ready > 0 && of[0].revents != 0) {
      return {};
    }
    bell.silence();  // a ring that was meant for this thread's last wait
    if (how.until <= clock::now()) {
      return fail(errc::timed_out);
    }
  }
}

}  // namespace weft::c
