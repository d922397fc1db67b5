#pragma once

#include <weft/runtime/config.hpp>
#include <weft/runtime/detail/atomic.hpp>

namespace weft::detail {

/// A lock for a handful of instructions, held neither across a suspension nor a system call.
///
/// Taken by compare-and-swap and released by a plain store: on x86 half the price of an exchange
/// each way. After a short spin a waiter yields its time slice, so a preempted owner can finish.
///
/// Works with std::lock_guard and std::unique_lock.
class spinlock {
 public:
  constexpr spinlock() noexcept = default;
  spinlock(const spinlock&) = delete;
  spinlock& operator=(const spinlock&) = delete;

  void lock() noexcept {
    if (!try_lock()) [[unlikely]] {
      lock_slow();
    }
  }

  [[nodiscard]] bool try_lock() noexcept {
    bool expected = false;
    // Acquire pairs with the release in unlock().
    return locked_.compare_exchange_strong(expected, true, std::memory_order_acquire,
                                           std::memory_order_relaxed);
  }

  void unlock() noexcept { locked_.store(false, std::memory_order_release); }

 private:
  WEFT_API void lock_slow() noexcept;

  atomic<bool> locked_{false};
};

}  // namespace weft::detail
