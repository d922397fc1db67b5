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

/// What becomes of an event that is set when someone has waited for it.
enum class event_reset : std::uint8_t {
  manual,     ///< it stays set until reset(): set() lets all waiters through
  automatic,  ///< it is reset: each set() lets one waiter through
};

/// Something that has happened, or has not, and those who wait for it.
///
/// Suspends: wait() and its forms while the event is not set. Waiters are let through in the order
/// in
///   which they came.
/// Errors: `timed_out` after the call's own limit (zero or less is no wait); `operation_canceled`
/// or
///   `timed_out` when a scope around the caller ends. An event that is set succeeds even then. A
///   wait that fails has not used up a set().
/// Threads: any fiber or thread may call anything. What was done before set() is seen by who is let
///   through.
/// Lifetime: may be destroyed by who has been let through, if no one else waits, even while the
/// set()
///   is returning.
/// Cost: 24 bytes; set(), reset() and a wait that need not wait are one atomic each; no allocation
/// ever.
class WEFT_API event {
 public:
  explicit constexpr event(event_reset reset = event_reset::manual, bool is_set = false) noexcept
      : word_(is_set ? happened : 0), reset_(reset) {}
  event(const event&) = delete;
  event& operator=(const event&) = delete;

  /// Does nothing where it is set already. Never suspends.
  void set() noexcept;
  /// Makes the next wait wait. Never suspends.
  void reset() noexcept;
  bool is_set() const noexcept { return word_.load() & happened; }

  /// wait() that returns false instead of waiting.
  [[nodiscard]] bool try_wait() noexcept;

  result<void> wait() noexcept { return wait_until(forever); }
  result<void> wait_for(duration limit) noexcept { return wait_until(deadline_after(limit)); }
  result<void> wait_until(time_point deadline) noexcept;

  /// For select(): a wait.
  auto waiting() noexcept { return detail::primitive_arm<event>(*this); }

  /// How many wait. A snapshot.
  std::size_t waiters() const noexcept;

 private:
  template <class Primitive>
  friend struct detail::arm_access;
  struct waiter : detail::wait_node {};

  static constexpr std::uint64_t queued = detail::guarded_word::lock_bit << 1;
  static constexpr std::uint64_t happened = queued << 1;

  bool try_now(waiter&) noexcept { return try_wait(); }
  bool enqueue(waiter& node) noexcept;
  void withdraw(waiter& node) noexcept;
  void outcome(waiter&) noexcept {}

  mutable detail::guarded_word word_;
  detail::wait_queue queue_;
  const event_reset reset_;
};

}  // namespace weft
