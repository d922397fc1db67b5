#pragma once

#include <chrono>
#include <concepts>

#include <weft/runtime/arm.hpp>
#include <weft/runtime/clock.hpp>
#include <weft/runtime/result.hpp>
#include <weft/runtime/sleep.hpp>

/// Waiting for a time on a clock other than weft's own: one that may be set while someone waits,
/// such as the time of day, or that goes on while the machine sleeps, such as boot_clock.
///
///     weft::sleep_until(midnight);
///     weft::select(weft::on(weft::reaching(midnight), rotate), weft::on(requests.receiving(),
///     log));
///
/// Such a wait follows its clock: it ends when the clock shows the time, however that came about.
/// That the clock was set, or the machine woken, is noticed within half a second, at which the
/// waiter looks at it again; the end itself is as exact as that of any sleep while nobody sets it.
namespace weft {

/// The time of day.
using wall_clock = std::chrono::system_clock;
using wall_time = std::chrono::time_point<wall_clock, std::chrono::nanoseconds>;

namespace detail {

template <class Clock>
concept other_clock = !std::same_as<Clock, clock> && requires {
  { Clock::now() < Clock::now() } -> std::convertible_to<bool>;
};

/// When to look at a clock again that has not reached `when`; now if it has.
template <other_clock Clock, class Duration>
time_point next_look(std::chrono::time_point<Clock, Duration> when) noexcept {
  constexpr duration patience = std::chrono::milliseconds(500);
  const auto shown = Clock::now();
  if (when <= shown) {
    return clock::now();
  }
  if (when > shown + patience) {
    return deadline_after(patience);
  }
  return deadline_after(std::chrono::ceil<duration>(when - shown));
}

template <other_clock Clock, class Duration>
class clock_arm {
 public:
  explicit clock_arm(std::chrono::time_point<Clock, Duration> when) noexcept : when_(when) {}

  bool try_now() noexcept { return when_ <= Clock::now(); }
  arm_step enlist(arm_ticket ticket) noexcept {
    if (!try_now()) {
      return arm_step::waiting;  // due() will do
    }
    return ticket.claim() ? arm_step::done : arm_step::lost;
  }
  bool withdraw() noexcept { return false; }
  void outcome() noexcept {}
  time_point due() noexcept { return next_look(when_); }

 private:
  std::chrono::time_point<Clock, Duration> when_;
};

}  // namespace detail

/// Suspends the caller until the clock shows that time. One that it shows already merely yields.
///
/// Errors: `operation_canceled` or `timed_out` when a scope around the caller ends first.
/// Threads: a plain thread sleeps likewise.
/// Cost: as sleep_until() by weft's own clock, and a look at the clock every half a second.
template <detail::other_clock Clock, class Duration>
result<void> sleep_until(std::chrono::time_point<Clock, Duration> when) noexcept {
  do {
    if (auto slept = sleep_until(detail::next_look(when)); !slept) {
      return slept;
    }
  } while (Clock::now() < when);
  return {};
}

/// For select(): a sleep_until() by a clock other than weft's own.
template <detail::other_clock Clock, class Duration>
auto reaching(std::chrono::time_point<Clock, Duration> when) noexcept {
  return detail::clock_arm<Clock, Duration>(when);
}

}  // namespace weft
