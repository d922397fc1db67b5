#pragma once

#include <algorithm>
#include <cassert>
#include <cstdint>

#include <weft/runtime/arm.hpp>
#include <weft/runtime/clock.hpp>
#include <weft/runtime/result.hpp>
#include <weft/runtime/sleep.hpp>

namespace weft {

/// What becomes of the ticks of an interval whose user was busy when they were due.
enum class missed_tick : std::uint8_t {
  burst,  ///< they come at once, one after the other, until none is behind
  skip,   ///< one comes at once, those behind it never; the next is on time
  delay,  ///< one comes at once, and the next a period after that: ticks are never closer together
};

namespace detail {

/// When the tick after the one that was due at `due` and came at `now` is due.
constexpr time_point next_tick(time_point due, time_point now, duration period,
                               missed_tick policy) noexcept {
  const auto later = [](time_point from, duration by) {
    return from > time_point{} && by >= forever - from ? forever : from + by;
  };
  switch (policy) {
    case missed_tick::burst:
      break;
    case missed_tick::skip: {
      if (now < due) {
        break;
      }
      // From `now` back to the last time at which a tick was due, and on by one. Unsigned, for a
      // first tick more than 292 years ago.
      const auto late = static_cast<std::uint64_t>(now.time_since_epoch().count()) -
                        static_cast<std::uint64_t>(due.time_since_epoch().count());
      const auto beyond = late % static_cast<std::uint64_t>(period.count());
      return later(now - duration(static_cast<std::int64_t>(beyond)), period);
    }
    case missed_tick::delay:
      return later(std::max(due, now), period);
  }
  return later(due, period);
}

}  // namespace detail

/// Ticks at a steady rate:
///
///     weft::interval every(std::chrono::seconds(1), weft::missed_tick::skip);
///     while (every.tick()) report();
///
/// Times are counted from the first tick, not from one tick to the next: what the work and the
/// scheduler take does not add up, except with missed_tick::delay, which means just that.
///
/// Suspends: tick(), until the tick is due; one that is due already merely yields.
/// Errors: `operation_canceled` or `timed_out` when a scope around the caller ends first; that tick
///   is then still to come.
/// Threads: one at a time; a plain thread sleeps.
/// Cost: 24 bytes; what sleep_until() costs.
class interval {
 public:
  /// The first tick comes a period from now. A period is above zero.
  explicit interval(duration period, missed_tick policy = missed_tick::burst) noexcept
      : interval(period, deadline_after(period), policy) {}
  /// The first tick comes at that time.
  interval(duration period, time_point first, missed_tick policy = missed_tick::burst) noexcept
      : period_(std::max(period, duration(1))), next_(first), policy_(policy) {
    assert(period > duration::zero() && "an interval's period is above zero");
  }

  /// Waits for the next tick, and returns the time at which it was due.
  result<time_point> tick() noexcept {
    if (const auto slept = sleep_until(next_); !slept) {
      return fail(slept.error());
    }
    return take();
  }

  /// For select(): a tick(). One that loses is still to come.
  auto ticking() noexcept { return arm(*this); }

  /// The next tick comes a period from now, whatever was due.
  void reset() noexcept { next_ = deadline_after(period_); }
  /// The next tick comes at that time, the others follow from there.
  void reset(time_point next) noexcept { next_ = next; }

  /// When the next tick is due.
  time_point next() const noexcept { return next_; }
  duration period() const noexcept { return period_; }
  missed_tick policy() const noexcept { return policy_; }

 private:
  class arm {
   public:
    explicit arm(interval& of) noexcept : of_(&of) {}

    bool try_now() noexcept {
      if (clock::now() < of_->next_) {
        return false;
      }
      ticked_ = of_->take();
      return true;
    }
    arm_step enlist(arm_ticket ticket) noexcept {
      if (clock::now() < of_->next_) {
        return arm_step::waiting;  // due() will do
      }
      if (!ticket.claim()) {
        return arm_step::lost;
      }
      ticked_ = of_->take();
      return arm_step::done;
    }
    bool withdraw() noexcept { return false; }
    time_point outcome() noexcept { return ticked_; }
    time_point due() noexcept { return of_->next_; }

   private:
    interval* of_;
    time_point ticked_;
  };

  /// The tick that is due.
  time_point take() noexcept {
    const time_point due = next_;
    next_ = detail::next_tick(due, clock::now(), period_, policy_);
    return due;
  }

  duration period_;
  time_point next_;
  missed_tick policy_;
};

}  // namespace weft
