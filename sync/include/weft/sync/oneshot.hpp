#pragma once

#include <cassert>
#include <utility>

#include <weft/runtime/clock.hpp>
#include <weft/runtime/detail/parker.hpp>
#include <weft/runtime/detail/primitive_arm.hpp>
#include <weft/runtime/result.hpp>
#include <weft/sync/detail/oneshot_state.hpp>

namespace weft {

template <class T>
struct oneshot_ends;

/// The end of a oneshot that sends: see oneshot().
///
/// Suspends: wait_closed() until the receiver is gone or has closed.
/// Errors: `closed` when the receiver is gone or has closed.
/// Threads: one owner at a time; the two ends may be in different fibers or threads.
/// Lifetime: independent of the receiver's. Dropped without having sent, it lets the receiver know.
/// Cost: one pointer.
template <class T>
class oneshot_sender {
 public:
  oneshot_sender() noexcept = default;
  oneshot_sender(oneshot_sender&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
  oneshot_sender& operator=(oneshot_sender&& other) noexcept {
    if (this != &other) {
      drop();
      state_ = std::exchange(other.state_, nullptr);
    }
    return *this;
  }
  ~oneshot_sender() { drop(); }

  /// Sends the value, which is moved from only when that succeeds. Never suspends. The sender is
  /// empty afterwards, unless it failed.
  result<void> send(T&& value) noexcept {
    if (!state().send(value)) {
      return fail(errc::closed);
    }
    drop();
    return {};
  }
  result<void> send(const T& value)
    requires std::copy_constructible<T>
  {
    T copy(value);
    return send(std::move(copy));
  }

  /// Whether a value would be refused.
  bool closed() const noexcept { return state().is_refused(); }

  /// Waits until nobody wants the value any more; for those who compute it.
  result<void> wait_closed() noexcept { return wait_closed_until(forever); }
  result<void> wait_closed_for(duration limit) noexcept {
    return wait_closed_until(deadline_after(limit));
  }
  result<void> wait_closed_until(time_point deadline) noexcept {
    detail::consume_budget();
    waiter self;
    if (try_now(self)) {
      return {};
    }
    return detail::wait_in_queue(*this, self, detail::cancelable::yes, deadline, "a oneshot's end");
  }

  /// For select(): wait_closed().
  auto closing() noexcept { return detail::primitive_arm<oneshot_sender>(*this); }

  /// Whether it can still send.
  bool valid() const noexcept { return state_ != nullptr; }

 private:
  template <class Primitive>
  friend struct detail::arm_access;
  template <class U>
  friend oneshot_ends<U> oneshot();

  using state_type = detail::oneshot_state<T>;
  using waiter = typename state_type::end_waiter;

  explicit oneshot_sender(state_type* state) noexcept : state_(state) {}

  state_type& state() const noexcept {
    assert(state_ && "this oneshot_sender has sent, or was moved from");
    return *state_;
  }
  void drop() noexcept {
    if (state_) {
      std::exchange(state_, nullptr)->drop_sender();
    }
  }

  bool try_now(waiter& node) noexcept { return state().try_now(node); }
  bool enqueue(waiter& node) noexcept { return state().enqueue(node); }
  void withdraw(waiter& node) noexcept { state().withdraw(node); }
  void outcome(waiter&) noexcept {}

  state_type* state_ = nullptr;
};

/// The end of a oneshot that receives: see oneshot().
///
/// Suspends: receive() until there is a value, or the sender is gone.
/// Errors: `closed` when the sender is gone without a value, after close() without a value, and for
/// a
///   second receive; `timed_out` after the call's own limit (zero or less is no wait);
///   `operation_canceled` or `timed_out` when a scope around the caller ends. A value that is there
///   is received even then.
/// Threads: one owner at a time; the two ends may be in different fibers or threads.
/// Lifetime: independent of the sender's. A value that was sent and not received goes with it.
/// Cost: one pointer.
template <class T>
class oneshot_receiver {
 public:
  oneshot_receiver() noexcept = default;
  oneshot_receiver(oneshot_receiver&& other) noexcept
      : state_(std::exchange(other.state_, nullptr)) {}
  oneshot_receiver& operator=(oneshot_receiver&& other) noexcept {
    if (this != &other) {
      drop();
      state_ = std::exchange(other.state_, nullptr);
    }
    return *this;
  }
  ~oneshot_receiver() { drop(); }

  result<T> receive() noexcept { return receive_until(forever); }
  result<T> receive_for(duration limit) noexcept { return receive_until(deadline_after(limit)); }
  result<T> receive_until(time_point deadline) noexcept {
    detail::consume_budget();
    waiter self;
    if (!try_now(self)) {
      if (auto waited = detail::wait_in_queue(*this, self, detail::cancelable::yes, deadline,
                                              "a oneshot's value");
          !waited) {
        return fail(waited.error());
      }
    }
    return std::move(self.out);
  }
  /// receive() that fails with `operation_would_block` instead of waiting.
  result<T> try_receive() noexcept {
    waiter self;
    if (!try_now(self)) {
      return fail(std::make_error_code(std::errc::operation_would_block));
    }
    return std::move(self.out);
  }

  /// For select(): a receive, whose outcome is a `result<T>`.
  auto receiving() noexcept { return detail::primitive_arm<oneshot_receiver>(*this); }

  /// Makes a send fail that has not happened yet, and wakes a sender in wait_closed(). A value that
  /// is there can still be received.
  void close() noexcept { state().refuse(false); }

  /// Whether it is an end of anything.
  bool valid() const noexcept { return state_ != nullptr; }

 private:
  template <class Primitive>
  friend struct detail::arm_access;
  template <class U>
  friend oneshot_ends<U> oneshot();

  using state_type = detail::oneshot_state<T>;
  using waiter = typename state_type::value_waiter;

  explicit oneshot_receiver(state_type* state) noexcept : state_(state) {}

  state_type& state() const noexcept {
    assert(state_ && "this oneshot_receiver was moved from");
    return *state_;
  }
  void drop() noexcept {
    if (state_) {
      std::exchange(state_, nullptr)->refuse(true);
    }
  }

  bool try_now(waiter& node) noexcept { return state().try_now(node); }
  bool enqueue(waiter& node) noexcept { return state().enqueue(node); }
  void withdraw(waiter& node) noexcept { state().withdraw(node); }
  result<T> outcome(waiter& node) noexcept { return std::move(node.out); }

  state_type* state_ = nullptr;
};

template <class T>
struct oneshot_ends {
  oneshot_sender<T> sender;
  oneshot_receiver<T> receiver;
};

/// A channel for one value, such as the answer to a request. Each end learns when the other is
/// gone.
///
///     auto [reply, answer] = weft::oneshot<int>();
///     requests.send({question, std::move(reply)});
///     auto n = answer.receive();      // `closed` if whoever had the request dropped it
///
/// Errors: throws std::bad_alloc.
/// Cost: one allocation; see the two ends.
template <class T>
oneshot_ends<T> oneshot() {
  auto* const state = new detail::oneshot_state<T>;
  return {oneshot_sender<T>(state), oneshot_receiver<T>(state)};
}

}  // namespace weft
