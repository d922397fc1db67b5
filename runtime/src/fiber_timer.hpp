#pragma once

#include <atomic>
#include <cstdint>

#include <weft/runtime/detail/spinlock.hpp>

#include "timer_wheel.hpp"

/// A fiber's one timer. It stands for every deadline the fiber has at a time: that of the wait that
/// is open, and those of the timeout scopes it has entered.
///
/// It is armed for a moment that is no later than the first of them, and *left there* when that
/// deadline goes away or is put off: a server that gives each message thirty seconds arms a timer
/// once in thirty seconds, not once a message. A timer that goes off early finds out what the
/// fiber wants by then and is armed for that.
///
/// Who touches what: the fiber itself calls ensure(), open_wait(), close_wait() and retire(); the
/// worker that collected the node calls went_off(). lock_ guards the node; armed_for_ is written
/// under it. That no deadline is missed while the timer goes off:
/// - went_off() first takes armed_for_ back, for `looking`, and then looks for deadlines;
/// - the fiber first makes a deadline known (a wait's by open_wait(), a scope's by linking the
///   scope under its parent's lock) and then looks at armed_for_.
/// So one sees the other: for the wait because both sides are seq_cst, for a scope because the two
/// take the same lock. A control block is type-stable: a timer that goes off after its fiber's end
/// finds no deadline, or those of the block's next life, which is harmless.
namespace weft::detail {

class fiber;

class fiber_timer : public timer_node {
 public:
  static constexpr std::int64_t never = timer_wheel::no_deadline;

  explicit fiber_timer(fiber& owner) noexcept : owner_(owner) {}

  /// Sees to it that the timer goes off by then. The deadline must be known already.
  void ensure(std::int64_t deadline) noexcept {
    if (armed_for_.load(std::memory_order_seq_cst) > deadline) {
      arm(deadline);
    }
  }

  /// Makes known by when the wait that is open must end. Before the fiber leaves the processor.
  void open_wait(std::int64_t deadline) noexcept {
    wait_deadline_.store(deadline, std::memory_order_seq_cst);
    ensure(deadline);
  }
  /// After that, before the next wait is opened, which releases this store to whoever sees it.
  void close_wait() noexcept { wait_deadline_.store(never, std::memory_order_relaxed); }

  /// At the fiber's end: what is left armed would only wake a worker for nothing.
  void retire() noexcept {
    if (armed_for_.load(std::memory_order_relaxed) != never) {
      disarm_left_over();
    }
  }

  /// Ends the wait and the scopes whose time is up, and arms the timer for the next deadline in
  /// `wheel`, which must be the calling worker's.
  void went_off(timer_wheel& wheel, std::int64_t now) noexcept;

 private:
  /// Later than any deadline, so that ensure() takes the lock, and yet not never, so that retire()
  /// does.
  static constexpr std::int64_t looking = never - 1;

  void arm(std::int64_t deadline) noexcept;
  void disarm_left_over() noexcept;
  bool end_wait(std::int64_t now, std::int64_t& nearest) noexcept;

  fiber& owner_;
  std::atomic<std::int64_t> armed_for_{never};
  std::atomic<std::int64_t> wait_deadline_{never};
};

}  // namespace weft::detail
