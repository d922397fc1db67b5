#pragma once

#include <cstddef>
#include <cstdint>

#include <weft/runtime/arm.hpp>
#include <weft/runtime/clock.hpp>
#include <weft/runtime/config.hpp>
#include <weft/runtime/detail/atomic.hpp>
#include <weft/runtime/detail/wait_queue.hpp>
#include <weft/runtime/result.hpp>
#include <weft/sync/detail/guarded_word.hpp>

namespace weft {

/// A time that can be moved while others wait for it: a sleep that can be put off. For what ends
/// unless someone shows signs of life, such as an idle connection or a lease.
///
///     weft::deadline idle(std::chrono::seconds(30));
///     // the fiber that reads:     while (read()) idle.reset(std::chrono::seconds(30));
///     // the fiber that watches:   if (idle.wait()) connection.close();
///
/// It ends nothing by itself; what has to be done by a deadline is what timeout_scope is for.
///
/// Suspends: wait() and its forms until the deadline, as it stands then, has passed. Never returns
///   early, and late as sleep_until() does.
/// Errors: `timed_out` after the call's own limit (zero or less is no wait); `timed_out` or
///   `operation_canceled` when a scope around the caller ends. A deadline that has passed
///   succeeds even then.
/// Threads: any fiber or thread may call anything.
/// Lifetime: may be destroyed once no call on it is under way.
/// Cost: 24 bytes; one timer a wait; no allocation ever. Putting it off costs a waiter
///   nothing until the time it had before; bringing it forward wakes all.
class WEFT_API deadline {
 public:
  /// One that never comes.
  constexpr deadline() noexcept : deadline(forever) {}
  explicit constexpr deadline(time_point at) noexcept : at_(count_of(at)) {}
  explicit deadline(duration from_now) noexcept : deadline(deadline_after(from_now)) {}
  deadline(const deadline&) = delete;
  deadline& operator=(const deadline&) = delete;

  /// Moves it: to that time, or to so long from now. Never suspends.
  void reset(time_point at) noexcept;
  void reset(duration from_now) noexcept { reset(deadline_after(from_now)); }
  /// Puts it off by so long, counted from where it stands, or forward by a negative time. What
  /// never comes stays so. Never suspends.
  void extend(duration by) noexcept;

  time_point at() const noexcept {
    // Acquire pairs with the releases in reset() and extend().
    return time_point(duration(at_.load(std::memory_order_acquire)));
  }
  /// Whether it has passed.
  bool expired() const noexcept { return has_passed(at()); }
  /// Fails with `timed_out` if it has passed. For loops.
  result<void> check() const noexcept {
    return expired() ? fail(detail::time_out_of_wait()) : result<void>();
  }
  /// How long is left; zero after it, duration::max() before one that never comes.
  duration remaining() const noexcept;

  result<void> wait() noexcept { return wait_until(forever); }
  result<void> wait_for(duration limit) noexcept { return wait_until(deadline_after(limit)); }
  result<void> wait_until(time_point limit) noexcept;

  /// For select(): a wait.
  auto waiting() noexcept { return arm(*this); }

  /// How many wait. A snapshot.
  std::size_t waiters() const noexcept;

 private:
  class arm {
   public:
    explicit arm(deadline& of) noexcept : of_(&of) {}
    arm(arm&& other) noexcept : of_(other.of_) {}

    bool try_now() noexcept { return of_->expired(); }
    arm_step enlist(arm_ticket ticket) noexcept { return of_->enlist(node_, ticket); }
    bool withdraw() noexcept {
      of_->withdraw(node_);
      return false;  // it stays passed, or was moved: it tells when it is asked
    }
    void outcome() noexcept {}
    time_point due() noexcept { return of_->at(); }

   private:
    deadline* of_;
    detail::wait_node node_;
  };

  static constexpr std::int64_t count_of(time_point at) noexcept {
    return at.time_since_epoch().count();
  }
  static bool has_passed(time_point at) noexcept { return at != forever && at <= clock::now(); }

  void wake_all() noexcept;
  arm_step enlist(detail::wait_node& node, arm_ticket ticket) noexcept;
  void withdraw(detail::wait_node& node) noexcept;
  result<void> wait_once(time_point seen, time_point limit) noexcept;

  detail::atomic<std::int64_t> at_;
  mutable detail::guarded_word lock_;
  detail::wait_queue queue_;
};

}  // namespace weft
