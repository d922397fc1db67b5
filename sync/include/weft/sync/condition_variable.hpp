#pragma once

#include <concepts>
#include <cstddef>
#include <mutex>

#include <weft/runtime/clock.hpp>
#include <weft/runtime/config.hpp>
#include <weft/runtime/detail/atomic.hpp>
#include <weft/runtime/detail/spinlock.hpp>
#include <weft/runtime/detail/wait_queue.hpp>
#include <weft/runtime/result.hpp>
#include <weft/sync/mutex.hpp>

namespace weft {

namespace detail {
struct late_waiter;
}

/// Lets the owner of a mutex wait until someone else, with the mutex, has changed what it guards.
///
///     std::unique_lock hold(guard);
///     if (auto waited = changed.wait(hold, [&] { return !jobs.empty(); }); !waited) {
///       return weft::fail(waited.error());
///     }
///
/// Suspends: wait() and its forms, until notified and until the mutex is free again. Waiters are
///   notified in the order in which they came, and are not woken for any other reason.
/// Errors: `timed_out` after the call's own limit; `operation_canceled` or `timed_out` when a scope
///   around the caller ends. **The mutex is held again on return, whatever is returned.** With a
///   condition, success means that it holds. A wait that fails has used up no notification.
/// Threads: any fiber or thread may call anything. All who wait at a time use the same mutex. What
/// is
///   waited for is changed under the mutex; notify with or without it.
/// Lifetime: may be destroyed when all who wait have been notified, even before they return. Who
///   notifies without the mutex must know that nobody destroys it meanwhile.
/// Cost: 16 bytes; a notification without waiters reads one word; no allocation ever.
class WEFT_API condition_variable {
 public:
  constexpr condition_variable() noexcept = default;
  condition_variable(const condition_variable&) = delete;
  condition_variable& operator=(const condition_variable&) = delete;

  void notify_one() noexcept;
  void notify_all() noexcept;

  /// Gives the mutex up and waits for a notification. A limit of zero or less is a short wait.
  result<void> wait(std::unique_lock<mutex>& hold) noexcept { return wait_until(hold, forever); }
  result<void> wait_for(std::unique_lock<mutex>& hold, duration limit) noexcept {
    return wait_until(hold, deadline_after(limit));
  }
  result<void> wait_until(std::unique_lock<mutex>& hold, time_point deadline) noexcept;

  /// Waits until `condition()` is true. It is called with the mutex held.
  template <std::predicate Condition>
  result<void> wait(std::unique_lock<mutex>& hold, Condition condition) {
    return wait_until(hold, forever, std::move(condition));
  }
  template <std::predicate Condition>
  result<void> wait_for(std::unique_lock<mutex>& hold, duration limit, Condition condition) {
    return wait_until(hold, deadline_after(limit), std::move(condition));
  }
  template <std::predicate Condition>
  result<void> wait_until(std::unique_lock<mutex>& hold, time_point deadline, Condition condition) {
    while (!condition()) {
      if (auto waited = wait_until(hold, deadline); !waited) {
        return condition() ? result<void>() : waited;
      }
    }
    return {};
  }

  /// How many wait and have not been notified. A snapshot.
  std::size_t waiters() const noexcept;

 private:
  void notify(std::size_t most, detail::claimed_waiters& woken) noexcept;
  void withdraw(detail::late_waiter& node) noexcept;

  mutable detail::spinlock lock_;        // guards queue_
  detail::atomic<bool> crowded_{false};  // whether anyone may be in queue_
  detail::wait_queue queue_;
};

}  // namespace weft
