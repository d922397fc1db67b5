#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <ctime>

#include <weft/runtime/clock.hpp>

/// How a plain thread sleeps: the system's futex where there is one. One file per platform.
namespace weft::detail {

/// `until`, or something earlier that a condition variable can be given: where the system's time
/// has 32 bits the C++ library does not look whether it fits. Whoever waits looks again anyway.
inline time_point within_reach(time_point until) noexcept {
  if constexpr (sizeof(std::time_t) < sizeof(std::int64_t)) {
    return std::min<time_point>(until, clock::now() + std::chrono::hours(24 * 365));
  } else {
    return until;
  }
}

/// Sleeps while `word` is `expected`, until woken or `until`; may return early.
void wait_on_word(const std::atomic<std::uint32_t>& word, std::uint32_t expected,
                  time_point until) noexcept;

/// Wakes one sleeper of wait_on_word(). The word may be gone already, but not unmapped.
void wake_word(const std::atomic<std::uint32_t>& word) noexcept;
/// Wakes all of them.
void wake_word_all(const std::atomic<std::uint32_t>& word) noexcept;

}  // namespace weft::detail
