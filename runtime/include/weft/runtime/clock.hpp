#pragma once

#include <chrono>
#include <cstdint>

#if defined(WEFT_EXPLORE)
#include <explore/clock.hpp>
#endif

namespace weft {

/// The monotonic clock of every deadline in weft.
#if defined(WEFT_EXPLORE)
using clock = explore::clock;  // stands still until the explorer moves it
#else
using clock = std::chrono::steady_clock;
#endif
using time_point = std::chrono::time_point<clock, std::chrono::nanoseconds>;
using duration = std::chrono::nanoseconds;

/// The deadline that never comes.
inline constexpr time_point forever = time_point::max();

/// `now + wait`, or `forever` where that would overflow; a negative wait is a deadline in the past.
inline time_point deadline_after(duration wait) noexcept {
  const time_point now = clock::now();
  return wait >= forever - now ? forever : now + wait;
}

/// How long it is until then; zero for what has passed.
inline duration time_left(time_point until) noexcept {
  const time_point now = clock::now();
  return until <= now ? duration::zero() : until - now;
}

}  // namespace weft
