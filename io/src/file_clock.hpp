#pragma once

#include <chrono>
#include <cstdint>

#include <weft/runtime/wall_clock.hpp>

/// Times of files between the system's form and weft's.
namespace weft::io::detail {

/// Since 1970; the nearest that there is for times that wall_time does not reach.
inline wall_time wall_time_of(std::int64_t seconds, std::int64_t nanoseconds) noexcept {
  constexpr auto least = std::chrono::ceil<std::chrono::seconds>(wall_time::min());
  constexpr auto most = std::chrono::floor<std::chrono::seconds>(wall_time::max());
  if (seconds < least.time_since_epoch().count()) {
    return wall_time::min();
  }
  if (seconds >= most.time_since_epoch().count()) {
    return wall_time::max();
  }
  return wall_time(std::chrono::seconds(seconds) + std::chrono::nanoseconds(nanoseconds));
}

}  // namespace weft::io::detail
