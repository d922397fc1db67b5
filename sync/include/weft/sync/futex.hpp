#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>

#include <weft/runtime/clock.hpp>
#include <weft/runtime/config.hpp>
#include <weft/runtime/result.hpp>

/// Waiting for a 32-bit word to change: what one makes one's own primitives of. As the system's
/// futex, but it parks fibers, and makes no system call for them.
///
/// Threads: any fiber or thread may call anything. What was done before a wake is seen by who is
/// woken. Lifetime: a wake uses the word's address only: the word may be gone. Cost: a lock of one
/// of 256 queues, which unrelated words may share; no allocation ever.
namespace weft {

/// Waits while `word` is `expected`, until woken. Looking and beginning to wait are one step: who
/// changes the word and then wakes is not missed.
///
/// Returns: true when woken, false when the word was something else.
/// Suspends: if the word is `expected`.
/// Errors: `operation_canceled` or `timed_out` when a scope around the caller ends. Then it was not
/// one
///   of those that a wake has woken.
WEFT_API result<bool> futex_wait_until(const std::atomic<std::uint32_t>& word,
                                       std::uint32_t expected, time_point deadline) noexcept;
inline result<bool> futex_wait(const std::atomic<std::uint32_t>& word,
                               std::uint32_t expected) noexcept {
  return futex_wait_until(word, expected, forever);
}
/// Errors: also `timed_out` after the limit. One of zero or less is no wait.
inline result<bool> futex_wait_for(const std::atomic<std::uint32_t>& word, std::uint32_t expected,
                                   duration limit) noexcept {
  return futex_wait_until(word, expected, deadline_after(limit));
}

/// Wakes the first `most` of those who wait for the word, in the order in which they came. Returns
/// how many. Never suspends.
WEFT_API std::size_t futex_wake(const std::atomic<std::uint32_t>& word,
                                std::size_t most = 1) noexcept;
inline std::size_t futex_wake_all(const std::atomic<std::uint32_t>& word) noexcept {
  return futex_wake(word, std::numeric_limits<std::size_t>::max());
}

}  // namespace weft
