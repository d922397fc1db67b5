#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <limits>

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "thread_wait.hpp"

namespace weft::detail {

namespace {

/// A time as this system call has it, which is not the C library's where that has 64 bits on a
/// 32-bit processor.
struct kernel_time {
  long seconds;
  long nanoseconds;
};

long futex(const std::atomic<std::uint32_t>& word, int operation, std::uint32_t value,
           const kernel_time* until) noexcept {
  static_assert(sizeof(word) == sizeof(std::uint32_t));
  return ::syscall(SYS_futex, &word, operation | FUTEX_PRIVATE_FLAG, value, until, nullptr,
                   FUTEX_BITSET_MATCH_ANY);
}

}  // namespace

void wait_on_word(const std::atomic<std::uint32_t>& word, std::uint32_t expected,
                  time_point until) noexcept {
  // WAIT_BITSET takes an absolute CLOCK_MONOTONIC time, the clock behind steady_clock.
  if (until == forever) {
    futex(word, FUTEX_WAIT_BITSET, expected, nullptr);
    return;
  }
  const auto since_boot = until.time_since_epoch().count();
  if (since_boot <= 0) {
    return;
  }
  // Of a time too far for 32 bits it is 68 years until this returns early.
  constexpr std::int64_t last = std::numeric_limits<long>::max();
  const kernel_time absolute{
      .seconds = static_cast<long>(std::min<std::int64_t>(since_boot / 1'000'000'000, last)),
      .nanoseconds = static_cast<long>(since_boot % 1'000'000'000)};
  futex(word, FUTEX_WAIT_BITSET, expected, &absolute);
}

void wake_word(const std::atomic<std::uint32_t>& word) noexcept {
  futex(word, FUTEX_WAKE_BITSET, 1, nullptr);
}

void wake_word_all(const std::atomic<std::uint32_t>& word) noexcept {
  futex(word, FUTEX_WAKE_BITSET, std::numeric_limits<int>::max(), nullptr);
}

}  // namespace weft::detail
