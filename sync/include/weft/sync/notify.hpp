#pragma once

#include <cstddef>
#include <cstdint>

#include <weft/runtime/clock.hpp>
#include <weft/runtime/config.hpp>
#include <weft/runtime/detail/primitive_arm.hpp>
#include <weft/runtime/detail/wait_queue.hpp>
#include <weft/runtime/result.hpp>
#include <weft/sync/detail/guarded_word.hpp>

namespace weft {

/// Tells others to look again at something that they know where to find.
///
/// notify_one() is never lost: without a waiter it leaves a permit, one at most, and the next
/// wait() returns at once. notify_all() tells those who wait now, and leaves nothing.
///
///     for (;;) {                        // the consumer
///       while (auto job = jobs.pop()) job->run();
///       if (!more.wait()) break;        // woken by jobs.push(); more.notify_one();
///     }
///
/// Suspends: wait() and its forms until notified. Waiters are told in the order in which they came.
/// Errors: `timed_out` after the call's own limit (zero or less is no wait); `operation_canceled`
/// or
///   `timed_out` when a scope around the caller ends. A permit that is there is taken even then. A
///   wait that fails has used up no notification.
/// Threads: any fiber or thread may call anything. What was done before a notification is seen by
/// who
///   was told.
/// Lifetime: may be destroyed by who was told, if no one else waits, even while the notification is
///   returning.
/// Cost: 16 bytes; notify_one() and a wait that need not wait are one atomic each; no allocation
/// ever.
class WEFT_API notify {
 public:
  constexpr notify() noexcept = default;
  notify(const notify&) = delete;
  notify& operator=(const notify&) = delete;

  void notify_one() noexcept;
  void notify_all() noexcept;

  /// Takes the permit, if there is one.
  [[nodiscard]] bool try_wait() noexcept;

  result<void> wait() noexcept { return wait_until(forever); }
  result<void> wait_for(duration limit) noexcept { return wait_until(deadline_after(limit)); }
  result<void> wait_until(time_point deadline) noexcept;

  /// For select(): a wait.
  auto waiting() noexcept { return detail::primitive_arm<notify>(*this); }

  /// How many wait. A snapshot.
  std::size_t waiters() const noexcept;

 private:
  template <class Primitive>
  friend struct detail::arm_access;
  struct waiter : detail::wait_node {};

  static constexpr std::uint64_t queued = detail::guarded_word::lock_bit << 1;
  static constexpr std::uint64_t permit = queued << 1;

  bool try_now(waiter&) noexcept { return try_wait(); }
  bool enqueue(waiter& node) noexcept;
  void withdraw(waiter& node) noexcept;
  void outcome(waiter&) noexcept {}

  mutable detail::guarded_word word_;
  detail::wait_queue queue_;
};

}  // namespace weft
