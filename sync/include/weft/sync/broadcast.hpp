#pragma once

#include <algorithm>
#include <bit>
#include <cassert>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include <weft/runtime/clock.hpp>
#include <weft/runtime/detail/parker.hpp>
#include <weft/runtime/detail/primitive_arm.hpp>
#include <weft/runtime/detail/spinlock.hpp>
#include <weft/runtime/detail/wait_queue.hpp>
#include <weft/runtime/result.hpp>
#include <weft/sync/detail/value_cells.hpp>

namespace weft {

/// Carries each value to every subscriber. A sender never waits: of the values sent the last
/// `capacity` are kept, and a subscriber who falls further behind is told how many it has missed,
/// and goes on with the oldest that is kept.
///
///     weft::broadcast<std::string> chat(64);
///     auto lines = chat.subscribe();                   // sees what is sent from now on
///     for (;;) {
///       auto line = lines.receive();
///       if (!line && line.error() == weft::errc::lagged) { note(lines.missed()); continue; }
///       if (!line) break;                              // closed, and all received
///       show(*line);
///     }
///
/// Suspends: subscription::receive() while there is nothing new. Nothing else.
/// Errors: `lagged`, once, when values were missed; `closed` after close(), for receivers once they
///   have received everything; `timed_out` after the call's own limit (zero or less is no wait);
///   `operation_canceled` or `timed_out` when a scope around the caller ends. What need not wait
///   succeeds even then. A receive that fails has taken no value.
/// Threads: any fiber or thread may send, subscribe and close; a subscription has one owner at a
/// time. Lifetime: outlives its subscriptions. Cost: a value is stored once and copied by each
/// receiver, outside any lock. Room for a value is
///   allocated when its place is first used, and again when a reader still copies what it replaces;
///   otherwise nothing is. A send costs a lock and, for each subscriber that waits, a wake-up. T's
///   move constructor and the destructor of a moved-from T run under a spin lock: they must not
///   throw and not wait.
template <std::copy_constructible T>
class broadcast {
 public:
  class subscription;

  /// Keeps the last `capacity` values, at least one. Throws std::bad_alloc.
  explicit broadcast(std::size_t capacity)
      : capacity_(capacity),
        mask_(std::bit_ceil(capacity) - 1),
        ring_(std::make_unique<slot[]>(mask_ + 1)) {
    assert(capacity > 0 && "a broadcast keeps at least one value");
  }
  broadcast(const broadcast&) = delete;
  broadcast& operator=(const broadcast&) = delete;
  ~broadcast() {
    assert(subscribers_ == 0 && "a broadcast was destroyed before its subscriptions");
  }

  /// Sends the value, which is moved from only when that succeeds. Never suspends.
  ///
  /// Returns: how many subscribers there are; without any the value is dropped all the same.
  /// Errors: `closed`. Throws std::bad_alloc.
  result<std::size_t> send(T&& value) {
    leftovers rest;
    detail::claimed_waiters woken;
    std::unique_lock hold(lock_);
    while (!closed_ && subscribers_ != 0 && !slot_of(sent_).show(value, rest)) {
      hold.unlock();
      rest.fresh = std::make_unique<detail::value_cell<T>>();
      hold.lock();
    }
    if (closed_) {
      return fail(errc::closed);
    }
    if (subscribers_ != 0) {
      ++sent_;
      wake_all(woken);
    }
    const std::size_t reached = subscribers_;
    hold.unlock();
    woken.resume_all();
    return reached;
  }
  result<std::size_t> send(const T& value) {
    T copy(value);
    return send(std::move(copy));
  }

  /// To receive what is sent from now on.
  subscription subscribe() noexcept { return subscription(*this); }

  /// Ends the sending. False if it was closed already.
  bool close() noexcept {
    detail::claimed_waiters woken;
    {
      std::lock_guard hold(lock_);
      if (std::exchange(closed_, true)) {
        return false;
      }
      wake_all(woken);
    }
    woken.resume_all();
    return true;
  }
  bool closed() const noexcept {
    std::lock_guard hold(lock_);
    return closed_;
  }

  std::size_t capacity() const noexcept { return capacity_; }
  /// How many subscriptions there are. A snapshot.
  std::size_t subscribers() const noexcept {
    std::lock_guard hold(lock_);
    return subscribers_;
  }

 private:
  using slot = detail::value_slot<T>;
  using leftovers = typename slot::leftovers;

  slot& slot_of(std::uint64_t number) noexcept {
    return ring_[static_cast<std::size_t>(number) & mask_];
  }
  /// The number of the oldest value that is kept.
  std::uint64_t oldest() const noexcept { return sent_ > capacity_ ? sent_ - capacity_ : 0; }

  void wake_all(detail::claimed_waiters& woken) noexcept {
    while (detail::wait_node* const node = followers_.pop_claimed()) {
      woken.add(*node);
    }
  }

  const std::size_t capacity_;
  const std::size_t mask_;
  const std::unique_ptr<slot[]> ring_;
  mutable detail::spinlock lock_;  // guards all below and the slots
  bool closed_ = false;
  std::size_t subscribers_ = 0;
  std::uint64_t sent_ = 0;
  detail::wait_queue followers_;
};

/// One receiver of a broadcast. See broadcast.
template <std::copy_constructible T>
class broadcast<T>::subscription {
 public:
  subscription(subscription&& other) noexcept
      : from_(std::exchange(other.from_, nullptr)), next_(other.next_), missed_(other.missed_) {}
  subscription& operator=(subscription&& other) noexcept {
    if (this != &other) {
      leave();
      from_ = std::exchange(other.from_, nullptr);
      next_ = other.next_;
      missed_ = other.missed_;
    }
    return *this;
  }
  ~subscription() { leave(); }

  /// A copy of the next value. Whatever copying throws passes through, and the value is still
  /// there.
  result<T> receive() { return receive_until(forever); }
  result<T> receive_for(duration limit) { return receive_until(deadline_after(limit)); }
  result<T> receive_until(time_point deadline) {
    detail::consume_budget();
    if (auto got = take()) {
      return std::move(*got);
    }
    waiter self;
    if (auto waited =
            detail::wait_in_queue(*this, self, detail::cancelable::yes, deadline, "a broadcast");
        !waited) {
      return fail(waited.error());
    }
    return outcome(self);
  }
  /// receive() that fails with `operation_would_block` instead of waiting.
  result<T> try_receive() {
    if (auto got = take()) {
      return std::move(*got);
    }
    return fail(std::make_error_code(std::errc::operation_would_block));
  }

  /// For select(): a receive, whose outcome is a `result<T>`.
  auto receiving() noexcept { return detail::primitive_arm<subscription>(*this); }

  /// How many values were missed when receive() said `lagged` last.
  std::uint64_t missed() const noexcept { return missed_; }
  /// How many values wait to be received, as far as they are kept.
  std::size_t size() const noexcept {
    std::lock_guard hold(from_->lock_);
    return static_cast<std::size_t>(from_->sent_ - std::max(next_, from_->oldest()));
  }

 private:
  template <class Primitive>
  friend struct detail::arm_access;
  friend class broadcast;

  struct waiter : detail::wait_node {};

  explicit subscription(broadcast& from) noexcept : from_(&from) {
    std::lock_guard hold(from.lock_);
    ++from.subscribers_;
    next_ = from.sent_;
  }

  void leave() noexcept {
    if (from_) {
      std::lock_guard hold(from_->lock_);
      --from_->subscribers_;
    }
  }

  bool is_ready() const noexcept { return from_->sent_ != next_ || from_->closed_; }

  bool try_now(waiter&) noexcept {
    std::lock_guard hold(from_->lock_);
    return is_ready();
  }
  bool enqueue(waiter& node) noexcept {
    std::lock_guard hold(from_->lock_);
    if (!is_ready()) {
      from_->followers_.push_back(node);
      return true;
    }
    (void)node.claim();
    return false;
  }
  void withdraw(waiter& node) noexcept {
    std::lock_guard hold(from_->lock_);
    from_->followers_.remove(node);
  }
  result<T> outcome(waiter&) { return *take(); }

  /// Nothing, if there is nothing yet.
  std::optional<result<T>> take() {
    detail::value_view<T> value;
    {
      std::lock_guard hold(from_->lock_);
      if (next_ < from_->oldest()) {
        missed_ = from_->oldest() - std::exchange(next_, from_->oldest());
        return fail(errc::lagged);
      }
      if (next_ == from_->sent_) {
        return from_->closed_ ? std::optional<result<T>>(fail(errc::closed)) : std::nullopt;
      }
      value = from_->slot_of(next_).view();
    }
    std::optional<result<T>> copy(std::in_place, std::in_place, *value);
    ++next_;
    return copy;
  }

  broadcast* from_;
  std::uint64_t next_ = 0;  // the number of the value to receive next
  std::uint64_t missed_ = 0;
};

}  // namespace weft
