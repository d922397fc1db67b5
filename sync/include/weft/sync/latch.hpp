#pragma once

#include <cassert>
#include <cstddef>

#include <weft/runtime/clock.hpp>
#include <weft/runtime/config.hpp>
#include <weft/runtime/detail/primitive_arm.hpp>
#include <weft/runtime/result.hpp>
#include <weft/sync/detail/countdown.hpp>

namespace weft {

/// Holds its waiters until it has been counted down to zero, once and for all.
///
/// Suspends: wait() and its forms while the count is above zero.
/// Errors: `timed_out` after the call's own limit (zero or less is no wait); `operation_canceled`
/// or
///   `timed_out` when a scope around the caller ends. A count that is zero already succeeds even
///   then.
/// Threads: any fiber or thread may call anything. What was done before a count_down() is seen by
/// who
///   has waited.
/// Lifetime: may be destroyed by who knows that the count is zero and no one waits, even while the
/// last
///   count_down() is returning.
/// Cost: 16 bytes; a count is one atomic, and so is a wait that need not wait; no allocation ever.
class latch {
 public:
  /// At most 2^60, or as far as a size_t counts.
  explicit constexpr latch(std::size_t count) noexcept : count_(count) {
    assert(count <= detail::countdown::most &&
           "a latch counts to 2^60 at most, or as far as a size_t does");
  }
  latch(const latch&) = delete;
  latch& operator=(const latch&) = delete;

  /// By no more than the count that is left. Never suspends.
  void count_down(std::size_t n = 1) noexcept {
    [[maybe_unused]] const bool fits = count_.subtract(n);
    assert(fits && "latch::count_down() by more than the count that is left");
  }

  /// Whether the count is zero.
  bool try_wait() const noexcept { return count_.is_zero(); }

  result<void> wait() noexcept { return wait_until(forever); }
  result<void> wait_for(duration limit) noexcept { return wait_until(deadline_after(limit)); }
  result<void> wait_until(time_point deadline) noexcept {
    return count_.wait_until(deadline, "a latch");
  }

  /// count_down(1) and then wait(). The count stays down if the wait fails.
  result<void> arrive_and_wait() noexcept {
    count_down();
    return wait();
  }

  /// For select(): a wait.
  auto waiting() noexcept { return detail::primitive_arm<latch>(*this); }

  /// What is left. A snapshot, as is waiters().
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
