#pragma once

#include <chrono>

#include <weft/runtime/config.hpp>

namespace weft {

/// A clock that nobody sets and that goes on while the machine sleeps, where weft::clock stands
/// still: for leases and certificates, whose time passes for others, too. Its zero is when the
/// machine was started.
///
/// Sleep by it with the sleep_until() of wall_clock.hpp.
struct boot_clock {
  using duration = std::chrono::nanoseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<boot_clock>;
  static constexpr bool is_steady = true;

  /// Where the system has no such clock, the monotonic one.
  WEFT_API static time_point now() noexcept;
};

}  // namespace weft
