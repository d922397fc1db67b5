#pragma once

#include <cassert>
#include <cstddef>

#include <weft/runtime/clock.hpp>
#include <weft/runtime/config.hpp>
#include <weft/runtime/detail/primitive_arm.hpp>
#include <weft/runtime/result.hpp>
#include <weft/sync/detail/countdown.hpp>

namespace weft {

/// Counts work that is under way and holds its waiters until there is none. For work that is not a
/// fiber of one's own; where it is, task_group also joins, cancels and collects errors.
///
/// add() what wait() is to wait for before the wait begins. The group can be used again once the
/// count was zero.
///
/// Suspends: wait() and its forms while the count is above zero.
/// Errors: `timed_out` after the call's own limit (zero or less is no wait); `operation_canceled`
/// or
///   `timed_out` when a scope around the caller ends. A count that is zero already succeeds even
///   then.
/// Threads: any fiber or thread may call anything. What was done before a done() is seen by who has
///   waited for it.
/// Lifetime: may be destroyed by who has waited for the last done(), even while that is returning.
/// Cost: 16 bytes; add(), done() and a wait that need not wait are one atomic each; no allocation
/// ever.
class wait_group {
 public:
  explicit constexpr wait_group(std::size_t count = 0) noexcept : count_(count) {
    assert(count <= detail::countdown::most &&
           "a wait_group counts to 2^60 at most, or as far as a size_t does");
  }
  wait_group(const wait_group&) = delete;
  wait_group& operator=(const wait_group&) = delete;

  void add(std::size_t n = 1) noexcept {
    [[maybe_unused]] const bool fits = count_.add(n);
    assert(fits && "a wait_group counts to 2^60 at most, or as far as a size_t does");
  }

  /// One piece of work, of those that were added, is over. Never suspends.
  void done() noexcept {
    [[maybe_unused]] const bool fits = count_.subtract(1);
    assert(fits && "wait_group::done() was called more often than add() has announced");
  }

  /// Whether the count is zero.
  bool try_wait() const noexcept { return count_.is_zero(); }

  result<void> wait() noexcept { return wait_until(forever); }
  result<void> wait_for(duration limit) noexcept { return wait_until(deadline_after(limit)); }
  result<void> wait_until(time_point deadline) noexcept {
    return count_.wait_until(deadline, "a wait_group");
  }

  /// For select(): a wait.
  auto waiting() noexcept { return detail::primitive_arm<wait_group>(*this); }

  /// How much is under way. A snapshot, as is waiters().
  std::size_t count() const noexcept { return count_.count(); }
  std::size_t waiters() const noexcept { return count_.waiters(); }

 private:
  template <class Primitive>
  friend struct detail::arm_access;
  using waiter = detail::countdown::waiter;

  bool try_now(waiter& node) noexcept { return count_.try_now(node); }
  bool enqueue(waiter& node) noexcept { return count_.enqueue(node); }
  void withdraw(waiter& node) noexcept { count_.withdraw(node); }
  void outcome(waiter&) noexcept {}

  detail::countdown count_;
};

}  // namespace weft
