#pragma once

#include <chrono>

namespace weft::explore {

/// The clock of an explored program: moves only when a timed wait runs out. Outside of one it
/// stands still.
struct clock {
  using duration = std::chrono::nanoseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<clock>;
  static constexpr bool is_steady = true;

  static time_point now() noexcept;
};

}  // namespace weft::explore
