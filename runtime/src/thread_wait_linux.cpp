#include <cerrno>
#include <ctime>
#include <limits>

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "thread_wait.hpp"

namespace weft::detail {

namespace {

long futex(const std::atomic<std::uint32_t>& word, int operation, std::uint32_t value,
           const timespec* until) noexcept {
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
  timespec absolute{};
  absolute.tv_sec = static_cast<time_t>(since_boot / 1'000'000'000);
  absolute.tv_nsec = static_cast<long>(since_boot % 1'000'000'000);
  futex(word, FUTEX_WAIT_BITSET, expected, &absolute);
}

void wake_word(const std::atomic<std::uint32_t>& word) noexcept {
  futex(word, FUTEX_WAKE_BITSET, 1, nullptr);
}

void wake_word_all(const std::atomic<std::uint32_t>& word) noexcept {
  futex(word, FUTEX_WAKE_BITSET, std::numeric_limits<int>::max(), nullptr);
}

}  // namespace weft::detail
