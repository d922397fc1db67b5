#pragma once

#include <weft/runtime/clock.hpp>
#include <weft/runtime/config.hpp>
#include <weft/runtime/result.hpp>

namespace weft {

/// Suspends the caller until a time on the monotonic clock; never wakes early, and late by the
/// timers' grain of 65 us and the scheduler's delay. A time in the past merely yields.
///
/// Errors: `operation_canceled` or `timed_out` when a scope around the caller ends first.
/// Threads: a plain thread sleeps likewise.
/// Cost: one timer armed; no allocation.
WEFT_API result<void> sleep_until(time_point deadline) noexcept;

/// sleep_until() that long from now; zero or less merely yields.
inline result<void> sleep_for(duration wait) noexcept {
  return sleep_until(deadline_after(wait));
}

}  // namespace weft
