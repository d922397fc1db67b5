#pragma once

#include <cassert>
#include <concepts>
#include <system_error>
#include <type_traits>
#include <utility>

#include <weft/runtime/clock.hpp>
#include <weft/runtime/detail/primitive_arm.hpp>
#include <weft/runtime/result.hpp>
#include <weft/sync/detail/future_state.hpp>

namespace weft {

template <class T>
class promise;

/// A value that someone has promised; see promise.hpp. Copies stand for the same value, and as many
/// as like may wait for it, as with std::shared_future.
///
/// Suspends: wait() and get() and their forms until the promise is kept or broken.
/// Errors: those that the promise was settled with, `broken_promise` among them; `timed_out` after
/// the
///   call's own limit (zero or less is no wait); `operation_canceled` or `timed_out` when a scope
///   around the caller ends (is_ready() tells that from an error of the promise). What is ready is
///   got even then.
/// Threads: any fiber or thread may wait; one future object is used by one at a time. What was done
///   before the promise was kept is seen by all who have waited.
/// Cost: one pointer; a wait that need not wait is one read; no allocation.
template <class T>
class future {
 public:
  /// Stands for nothing, and may only be assigned to.
  future() noexcept = default;

  bool valid() const noexcept { return static_cast<bool>(state_); }
  bool is_ready() const noexcept { return state().is_settled(); }

  /// Waits until the promise is kept or broken. Its own error is not one of this call.
  result<void> wait() const noexcept { return wait_until(forever); }
  result<void> wait_for(duration limit) const noexcept { return wait_until(deadline_after(limit)); }
  result<void> wait_until(time_point deadline) const noexcept {
    return state().unsettled().wait_until(deadline, "a future");
  }

  /// Waits and copies the value; rethrows the exception that the promise was settled with.
  result<T> get() const
    requires std::is_void_v<T> || std::copy_constructible<T>
  {
    return get_until(forever);
  }
  result<T> get_for(duration limit) const
    requires std::is_void_v<T> || std::copy_constructible<T>
  {
    return get_until(deadline_after(limit));
  }
  result<T> get_until(time_point deadline) const
    requires std::is_void_v<T> || std::copy_constructible<T>
  {
    if (auto waited = wait_until(deadline); !waited) {
      return fail(waited.error());
    }
    return state().outcome();
  }
  /// get() that fails with `operation_would_block` instead of waiting.
  result<T> try_get() const
    requires std::is_void_v<T> || std::copy_constructible<T>
  {
    if (!is_ready()) {
      return fail(std::make_error_code(std::errc::operation_would_block));
    }
    return state().outcome();
  }

  /// Waits and gives access to the value where it is, for what cannot be copied or is large. It
  /// lives as long as any future of it does.
  result<const T*> view() const
    requires(!std::is_void_v<T>)
  {
    if (auto waited = wait(); !waited) {
      return fail(waited.error());
    }
    const result<T>& outcome = state().outcome();
    if (!outcome) {
      return fail(outcome.error());
    }
    return &*outcome;
  }

  /// For select(): a wait.
  auto waiting() const noexcept {
    return detail::primitive_arm<detail::countdown>(state().unsettled());
  }

 private:
  friend class promise<T>;
  explicit future(detail::future_reference<T> state) noexcept : state_(std::move(state)) {}

  detail::future_state<T>& state() const noexcept {
    assert(state_ && "a future that stands for nothing was asked for its value");
    return *state_.operator->();
  }

  detail::future_reference<T> state_;
};

}  // namespace weft
