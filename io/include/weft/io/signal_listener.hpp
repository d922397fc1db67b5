#pragma once

#include <cstddef>
#include <initializer_list>
#include <memory>
#include <span>

#include <weft/io/detail/signal_queue.hpp>
#include <weft/runtime/clock.hpp>
#include <weft/runtime/config.hpp>
#include <weft/runtime/detail/primitive_arm.hpp>
#include <weft/runtime/result.hpp>

namespace weft {

/// Hears the signals that the process receives, as something to wait for:
///
///     auto signals = weft::or_throw(weft::signal_listener::open({SIGHUP, SIGTERM}));
///     while (auto signal = signals.wait()) {
///       if (*signal == SIGTERM) break;
///       reload();
///     }
///
/// From open() on these signals do nothing else to the process; when the last listener for a signal
/// is gone it does what it did before. No signal is lost between open() and a wait, nor to a wait
/// that fails. Signals of one number that come before they are taken are one, as they are for the
/// system. Every listener for a signal hears it; of several that wait on one listener, one does.
///
/// run_main() leaves the signals that a listener wants to the listener.
///
/// On Windows these are the console's events: Ctrl-C is SIGINT, Ctrl-Break SIGBREAK, and the end of
/// the console, the session or the system SIGTERM, after which the process ends by itself within
/// seconds. What the program raises itself, by std::raise(), is none of them.
///
/// Suspends: wait() and its forms until a signal comes. Waiters are served in the order in which
///   they came, pending signals in that of their numbers.
/// Errors: `timed_out` after the call's own limit (zero or less is no wait); `operation_canceled`
///   or `timed_out` when a scope around the caller ends. A signal that has come is delivered even
///   then.
/// Threads: any fiber or thread may wait. Moving needs the object to oneself.
/// Lifetime: outlives those who wait. May be destroyed by who has been served, if no one else
///   waits.
/// Cost: while there are listeners, a thread that sleeps, and two descriptors; for all of them
///   together. On Windows nothing.
class WEFT_API signal_listener {
 public:
  /// Listens for these. Throws std::bad_alloc.
  ///
  /// Errors: `invalid_argument` for what is no signal or cannot be listened for (SIGKILL, SIGSTOP,
  ///   and the faults SIGSEGV, SIGBUS, SIGFPE and SIGILL; on Windows all but the three), and where
  ///   none is named; the system's when it has no descriptor or thread left.
  static result<signal_listener> open(std::span<const int> signals);
  static result<signal_listener> open(std::initializer_list<int> signals) {
    return open(std::span(signals.begin(), signals.size()));
  }

  signal_listener(signal_listener&&) noexcept = default;
  signal_listener& operator=(signal_listener&&) noexcept = default;
  ~signal_listener() = default;

  /// Waits for one of the signals and returns its number.
  result<int> wait() noexcept { return wait_until(forever); }
  result<int> wait_for(duration limit) noexcept { return wait_until(deadline_after(limit)); }
  result<int> wait_until(time_point deadline) noexcept { return queue_->take(deadline); }
  /// wait() that fails with `operation_would_block` instead of waiting.
  result<int> try_wait() noexcept { return queue_->try_take(); }

  /// For select(): a wait.
  auto waiting() noexcept { return detail::primitive_arm<detail::signal_queue>(*queue_); }

  /// How many wait. A snapshot.
  std::size_t waiters() const noexcept { return queue_->waiters(); }

 private:
  struct WEFT_API closer {
    void operator()(detail::signal_queue* queue) const noexcept;
  };
  using owned_queue = std::unique_ptr<detail::signal_queue, closer>;

  explicit signal_listener(owned_queue queue) noexcept : queue_(std::move(queue)) {}

  owned_queue queue_;
};

}  // namespace weft
