#pragma once

#include <cstddef>
#include <cstdint>

#include <weft/runtime/clock.hpp>
#include <weft/runtime/config.hpp>
#include <weft/runtime/detail/atomic.hpp>
#include <weft/runtime/result.hpp>
#include <weft/sync/mutex.hpp>

namespace weft {

/// A mutex that its owner may lock again, and must unlock as often. The owner is a fiber, on
/// whatever thread it runs, or a plain thread. Better code needs only a mutex.
///
/// Works with std::lock_guard, std::unique_lock and std::scoped_lock.
///
/// Suspends, Errors, Cancellation, Lifetime: as mutex; the owner never waits.
/// Threads: any fiber or thread may call; the owner unlocks.
/// Cost: 32 bytes; a mutex and a look at who is calling.
class WEFT_API recursive_mutex {
 public:
  constexpr recursive_mutex() noexcept = default;
  recursive_mutex(const recursive_mutex&) = delete;
  recursive_mutex& operator=(const recursive_mutex&) = delete;

  void lock() noexcept;
  [[nodiscard]] bool try_lock() noexcept;
  /// Errors: as mutex::lock_cancelable().
  result<void> lock_cancelable() noexcept;
  /// False as mutex::try_lock_for().
  [[nodiscard]] bool try_lock_for(duration limit) noexcept {
    return try_lock_until(deadline_after(limit));
  }
  [[nodiscard]] bool try_lock_until(time_point deadline) noexcept;

  /// The caller must be the owner.
  void unlock() noexcept;

  /// How many wait. A snapshot.
  std::size_t waiters() const noexcept { return mutex_.waiters(); }

 private:
  bool is_owner() const noexcept;
  result<void> take(detail::cancelable can, time_point until) noexcept;
  void become_owner() noexcept;

  mutex mutex_;
  detail::atomic<const detail::parker*> owner_{nullptr};  // set by the owner, and to itself only
  std::size_t depth_ = 0;                                 // the owner's
};

}  // namespace weft
