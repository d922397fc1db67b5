#pragma once

#include <utility>

#include <weft/runtime/clock.hpp>

namespace weft {

/// Measures time on the monotonic clock. It runs from its construction on.
///
/// Threads: one at a time.
/// Cost: 16 bytes; one reading of the clock a call.
class stopwatch {
 public:
  stopwatch() noexcept : stopwatch(time_point(clock::now())) {}
  /// As if it had been started at that time.
  explicit stopwatch(time_point start) noexcept : start_(start), lap_(start) {}

  /// The time since the start.
  duration elapsed() const noexcept { return clock::now() - start_; }

  /// The time since the last lap() or, the first time, since the start. Begins a new lap.
  duration lap() noexcept {
    const time_point now = clock::now();
    return now - std::exchange(lap_, now);
  }

  /// Starts anew, and returns the time since the start before.
  duration restart() noexcept {
    const time_point now = clock::now();
    lap_ = now;
    return now - std::exchange(start_, now);
  }

  time_point started_at() const noexcept { return start_; }

 private:
  time_point start_;
  time_point lap_;
};

}  // namespace weft
