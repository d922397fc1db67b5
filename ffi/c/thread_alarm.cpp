#include "thread_alarm.hpp"

#include <array>
#include <cerrno>
#include <optional>
#include <span>

#include <poll.h>

#include <weft/io/detail/syscalls.hpp>
#include <weft/runtime/errc.hpp>

#include "alarm_bell.hpp"

namespace weft::c {

namespace {

namespace sys = weft::detail::sys;

short events_of(io::direction side) noexcept {
  return side == io::direction::in ? POLLIN : POLLOUT;
}

pollfd entry_of(int fd, short events) noexcept {
  return {.fd = static_cast<decltype(pollfd::fd)>(fd), .events = events, .revents = 0};
}

}  // namespace

result<bool> is_ready(const io::descriptor& socket, io::direction side) noexcept {
  const auto held = socket.borrow();
  if (!held) {
    return fail(errc::closed);
  }
  pollfd one = entry_of(held.native_handle(), events_of(side));
  return sys::poll(std::span(&one, 1), time_point::min()) > 0;
}

result<void> wait_on_thread(const io::descriptor& socket, io::direction side, waker_list& closers,
                            const limits& how) {
  const auto held = socket.borrow();
  if (!held) {
    return fail(errc::closed);
  }
  alarm_bell& bell = alarm_bell::of_this_thread();
  const waker_list::entry closing(closers, bell);
  std::optional<waker_list::entry> canceling;
  if (how.cancel) {
    canceling.emplace(how.cancel->waiting, bell);
  }
  for (;;) {
    std::array of{entry_of(held.native_handle(), events_of(side)), entry_of(bell.fd(), POLLIN)};
    const int ready = sys::poll(of, how.until);
    if (ready < 0 && ready != -EINTR) {
      return fail(sys::error_of(ready));
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
