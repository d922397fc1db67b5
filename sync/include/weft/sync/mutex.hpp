#pragma once

#include <atomic>
#include <cassert>
#include <cstddef>
#include <cstdint>

#include <weft/runtime/clock.hpp>
#include <weft/runtime/config.hpp>
#include <weft/runtime/detail/atomic.hpp>
#include <weft/runtime/detail/spinlock.hpp>
#include <weft/runtime/detail/wait_queue.hpp>
#include <weft/runtime/result.hpp>
#include <weft/sync/detail/lock_owner.hpp>

namespace weft {

/// A lock that parks the fiber, not the thread; plain threads may use it too.
///
/// Works with std::lock_guard, std::unique_lock and std::scoped_lock.
///
/// Suspends: lock() and its forms while another owner holds it.
/// Cancellation: lock() is not a cancellation point; the other forms that wait are. A mutex that is
///   free is locked even in a cancelled scope.
/// Threads: any fiber or thread may call; the owner unlocks, a fiber on whatever thread it is by
/// then.
///   Not FIFO: a running fiber may barge in, a waiter that lost twice is handed the lock (no
///   starvation).
/// Lifetime: may be destroyed once no one owns it or waits, even while the last unlock() is
/// returning. Cost: 16 bytes; uncontended lock and unlock are one atomic each, a compare-and-swap
/// and a store; no
///   allocation ever.
class WEFT_API mutex {
 public:
  constexpr mutex() noexcept = default;
  mutex(const mutex&) = delete;
  mutex& operator=(const mutex&) = delete;
  ~mutex() {
    assert(!(word_.load(std::memory_order_relaxed) & held) && "a mutex is destroyed while locked");
  }

  void lock() noexcept {
    if (!take()) [[unlikely]] {
      (void)lock_slow(detail::cancelable::no, forever);
    }
  }

  [[nodiscard]] bool try_lock() noexcept { return take() || take_slow(); }

  /// Errors: `operation_canceled` or `timed_out` when a scope around the caller ends first. Then
  /// the
  ///   caller does not own the mutex.
  result<void> lock_cancelable() noexcept { return lock_until(forever); }

  /// False when the time has passed, or a scope around the caller has ended; check_cancel() tells.
  /// A time in the past or of less than zero only tries.
  [[nodiscard]] bool try_lock_for(duration limit) noexcept {
    return take() || lock_until(deadline_after(limit)).has_value();
  }
  [[nodiscard]] bool try_lock_until(time_point deadline) noexcept {
    return lock_until(deadline).has_value();
  }

  /// The caller must be the owner.
  void unlock() noexcept {
    if (detail::lock_owners_are_noted()) [[unlikely]] {
      forget_owner();
    }
    // Relaxed: what the owner must not miss was written before it got the mutex; see mutex.cpp.
    if (!crowded_.load(std::memory_order_relaxed)) [[likely]] {
      // The last access: the next owner may destroy the mutex. Release pairs with take().
      word_.store(0, std::memory_order_release);
    } else {
      unlock_slow();
    }
  }

  /// How many wait. A snapshot, for tests and statistics.
  std::size_t waiters() const noexcept;

 private:
  friend class recursive_mutex;
  struct waiter;

  // The bits of word_; see mutex.cpp.
  static constexpr std::uint8_t held = 1;
  static constexpr std::uint8_t woken = 2;

  bool take() noexcept {
    std::uint8_t expected = 0;
    // Acquire pairs with the release in unlock().
    if (!word_.compare_exchange_strong(expected, held, std::memory_order_acquire,
                                       std::memory_order_relaxed)) [[unlikely]] {
      return false;
    }
    if (detail::lock_owners_are_noted()) [[unlikely]] {
      note_owner();
    }
    return true;
  }

  result<void> lock_until(time_point deadline) noexcept {
    return take() ? result<void>() : lock_slow(detail::cancelable::yes, deadline);
  }

  bool take_slow() noexcept;
  result<void> lock_slow(detail::cancelable can, time_point until,
                         const char* what = "a mutex") noexcept;
  result<void> wait(detail::cancelable can, time_point until, const char* what) noexcept;
  void unlock_slow() noexcept;
  void note_owner() noexcept;
  void forget_owner() noexcept;
  bool acquire(std::uint8_t mine) noexcept;
  bool spin() noexcept;
  bool enqueue(waiter& self) noexcept;
  void withdraw(waiter& self) noexcept;
  void leave(waiter& self) noexcept;

  detail::atomic<std::uint8_t> word_{0};
  detail::atomic<bool> crowded_{false};       // unlock() must look at the queue
  detail::atomic<std::uint8_t> patience_{0};  // how long spinning has paid lately
  mutable detail::spinlock lock_;             // guards queue_
  std::atomic<std::uint32_t> owner_{detail::no_owner};
  detail::wait_queue queue_;
};

static_assert(sizeof(mutex) <= 16);

}  // namespace weft
