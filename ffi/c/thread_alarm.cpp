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

alarm_bell& alarm_of_this_thread() {
  static thread_local alarm_bell mine;
  return mine;
}

}  // namespace

result<bool> is_ready(const io::descriptor& socket, io::direction side) noexcept {
  const auto held = socket.borrow();
  if (!held) {
    return fail(errc::closed);
  }
  pollfd one{.fd = held.native_handle(), .events = events_of(side), .revents = 0};
  return sys::poll(std::span(&one, 1), time_point::min()) > 0;
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
    const int ready = sys::poll(of, how.until);
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
