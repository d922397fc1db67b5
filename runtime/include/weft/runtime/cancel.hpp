#pragma once

#include <cstdint>
#include <optional>
#include <source_location>
#include <system_error>

#include <weft/runtime/clock.hpp>
#include <weft/runtime/config.hpp>
#include <weft/runtime/detail/errand.hpp>
#include <weft/runtime/detail/scope.hpp>
#include <weft/runtime/result.hpp>

namespace weft {

/// A region of code whose waits can be ended from outside.
///
/// Every wait made inside, by the fiber that entered it, and by the fibers of task groups created
/// inside, fails with `errc::operation_canceled` once cancel() was called, and keeps failing until
/// the scope is left. Scopes nest like blocks: leave them in the reverse order of entering.
///
/// Threads: cancel() and is_canceled() may be called from any thread while the scope lives; all
/// else
///   by the fiber or thread that entered it.
/// Lifetime: lives on the stack of the fiber that enters it.
/// Cost: two uncontended locks; no allocation.
class WEFT_API cancel_scope : private detail::scope {
 public:
  cancel_scope() noexcept;
  ~cancel_scope();

  /// Cancels every wait inside, present and future. Idempotent. `reason` is a string literal that
  /// why_canceled() shows to whoever was cancelled.
  void cancel(const char* reason = "cancel_scope::cancel() was called") noexcept;

  /// Whether this scope or one around it was cancelled or has run out of time.
  bool is_canceled() const noexcept {
    detail::run_errand_if_left();
    return state() != status::open;
  }
};

/// A region of code that must be done by a deadline: after it, waits inside fail with
/// `errc::timed_out`. One timer covers everything inside. Of nested deadlines the earliest wins.
///
/// Cancellation: a cancellation from outside comes through as `errc::operation_canceled`;
///   is_expired() tells whether it was this scope's own deadline that passed.
/// Threads: as cancel_scope.
/// Cost: two uncontended locks and a reading of the clock. The fiber's timer is armed only when the
///   one armed before would strike too late; no allocation.
class WEFT_API timeout_scope : private detail::scope {
 public:
  /// The deadline is `limit` from now. A limit of zero or less has expired already.
  explicit timeout_scope(duration limit,
                         std::source_location where = std::source_location::current()) noexcept
      : timeout_scope(deadline_after(limit), limit, where) {}
  explicit timeout_scope(time_point deadline,
                         std::source_location where = std::source_location::current()) noexcept
      : timeout_scope(deadline, time_left(deadline), where) {}
  ~timeout_scope();

  /// Moves the deadline to `limit` from now. False if it has passed or was cancelled already, which
  /// this cannot undo. Only by the fiber that entered the scope.
  bool reset(duration limit) noexcept;

  time_point deadline() const noexcept { return deadline_; }
  /// Whether this scope's own deadline ended it.
  bool is_expired() const noexcept { return state() == status::timed_out && was_target(); }

 private:
  friend class detail::scope_access;

  timeout_scope(time_point deadline, duration limit, std::source_location where) noexcept;
  void strike_at_deadline() noexcept;

  time_point deadline_;
  duration limit_;
  std::source_location where_;
};

/// A region of code that must run to its end: cancellations and deadlines of the scopes around it
/// are not felt inside, and are again once it is left. For clean-up that has to wait, such as a
/// farewell message; bound it with a timeout_scope inside.
class WEFT_API shield : private detail::scope {
 public:
  shield() noexcept;
  ~shield();
};

/// Fails with `errc::operation_canceled` or `errc::timed_out` when a scope around the caller has
/// ended. For loops that compute. Never suspends.
///
/// Cost: a few loads; one reading of the clock inside a timeout_scope.
WEFT_API result<void> check_cancel() noexcept;

/// Who ended a scope, and why.
struct cancel_cause {
  errc code;                  ///< operation_canceled or timed_out
  const char* reason;         ///< a sentence
  std::uint64_t canceled_by;  ///< the fiber that did it; 0: a plain thread, a timer, a signal
  /// Of a time-out: how long the timeout_scope had, and where it was made.
  duration limit = {};
  std::source_location where = {};
};

/// The cause, when a scope around the caller has ended.
WEFT_API std::optional<cancel_cause> why_canceled() noexcept;

/// The cause of an `operation_canceled` or `timed_out` that the caller has got: from a wait in a
/// scope that has ended or has been left since; or by joining a fiber or waiting for a task group
/// that failed with it. Of several, the last.
///
/// Returns: nothing, where the time that passed was a wait's own, as that of join_for().
/// Threads: the fiber or thread that got the error.
WEFT_API std::optional<cancel_cause> cause_of(std::error_code error) noexcept;

}  // namespace weft
