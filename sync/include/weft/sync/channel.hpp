#pragma once

#include <concepts>
#include <cstddef>
#include <iterator>
#include <utility>

#include <weft/runtime/arm.hpp>
#include <weft/runtime/clock.hpp>
#include <weft/runtime/detail/worker_access.hpp>
#include <weft/runtime/result.hpp>
#include <weft/sync/detail/channel_arms.hpp>
#include <weft/sync/detail/channel_core.hpp>

namespace weft {

/// Carries values from any number of senders to any number of receivers, in order, and makes either
/// side wait for the other: senders while it is full, receivers while it is empty. With capacity 0
/// every send waits for its receive, and the two meet.
///
///     weft::channel<job> jobs(16);
///     auto worker = weft::spawn([&] { for (job& next : jobs) next.run(); });
///     for (job& next : todo) if (!jobs.send(std::move(next))) break;
///     jobs.close();
///
/// No value is lost or doubled, whatever ends a wait: a send that fails has left the value with its
/// caller, and a receive that fails has taken none.
///
/// Suspends: send() while full, receive() while empty. Waiters of a kind are served in the order in
///   which they came.
/// Errors: `closed` after close(), for receivers once the channel is empty; `timed_out` after the
///   call's own time limit; `operation_canceled` or `timed_out` when a scope around the caller
///   ends. A call that need not wait succeeds even then. A time limit of zero or less is no wait.
/// Threads: any fiber or thread may call anything.
/// Lifetime: outlives every call on it; who has received the last value may destroy it even while
/// the
///   send of that value is returning.
/// Cost: the constructor allocates the room for `capacity` values, nothing else allocates. A lock
/// for
///   each operation, which is nearly free while one worker alone uses the channel. T's move
///   constructor and the destructor of a moved-from T run under that spin lock: they must not throw
///   and not wait.
template <class T>
class channel {
 public:
  using value_type = T;

  /// Throws std::bad_alloc when there is no memory for so many values.
  explicit channel(std::size_t capacity = 0) : core_(capacity) {}
  channel(const channel&) = delete;
  channel& operator=(const channel&) = delete;

  /// Sends the value, which is moved from only when that succeeds.
  result<void> send(T&& value) noexcept { return send_until(std::move(value), forever); }
  result<void> send_for(T&& value, duration limit) noexcept {
    return send_until(std::move(value), deadline_after(limit));
  }
  result<void> send_until(T&& value, time_point deadline) noexcept {
    return core_.send(detail::count_operation(), value, deadline);
  }
  /// send() that fails with `operation_would_block` instead of waiting.
  result<void> try_send(T&& value) noexcept {
    return core_.try_send(detail::count_operation(), value);
  }

  /// Sends a copy.
  result<void> send(const T& value)
    requires std::copy_constructible<T>
  {
    return send_until(value, forever);
  }
  result<void> send_for(const T& value, duration limit)
    requires std::copy_constructible<T>
  {
    return send_until(value, deadline_after(limit));
  }
  result<void> send_until(const T& value, time_point deadline)
    requires std::copy_constructible<T>
  {
    T copy(value);
    return send_until(std::move(copy), deadline);
  }
  result<void> try_send(const T& value)
    requires std::copy_constructible<T>
  {
    T copy(value);
    return try_send(std::move(copy));
  }

  /// Takes the oldest value.
  result<T> receive() noexcept { return receive_until(forever); }
  result<T> receive_for(duration limit) noexcept { return receive_until(deadline_after(limit)); }
  result<T> receive_until(time_point deadline) noexcept {
    return core_.receive(detail::count_operation(), deadline);
  }
  /// receive() that fails with `operation_would_block` instead of waiting.
  result<T> try_receive() noexcept { return core_.try_receive(detail::count_operation()); }

  /// For select(): a receive, whose outcome is a `result<T>`.
  auto receiving() noexcept { return detail::receive_arm<T>(core_); }
  /// For select(): a send of the value, which is moved from only when this arm wins, and must live
  /// until the select is over. The outcome is a `result<void>`.
  auto sending(T&& value) noexcept { return detail::send_arm<T>(core_, value); }
  /// The same with a copy.
  auto sending(const T& value)
    requires std::copy_constructible<T>
  {
    return detail::send_copy_arm<T>(core_, value);
  }

  /// Ends the sending: sends fail with `closed` from now on, those that wait included. Receivers
  /// take what is still inside, and then get `closed`, too. False if it was closed already.
  bool close() noexcept { return core_.close(); }
  /// close() that also destroys what is still inside.
  bool close_now() noexcept {
    const bool first = core_.close();
    core_.discard();
    return first;
  }
  bool closed() const noexcept { return core_.closed(); }

  /// How many values are inside; values that waiting senders hold are not.
  std::size_t size() const noexcept { return core_.size(); }
  std::size_t capacity() const noexcept { return core_.capacity(); }
  bool empty() const noexcept { return size() == 0; }
  bool full() const noexcept { return size() == capacity(); }

  /// Receives for a range-for until the channel is closed and empty, or a scope around the loop
  /// ends, which check_cancel() tells apart.
  class iterator {
   public:
    using value_type = T;
    using difference_type = std::ptrdiff_t;

    explicit iterator(channel& from) noexcept : from_(&from), current_(from.receive()) {}

    T& operator*() const noexcept { return *current_; }
    iterator& operator++() noexcept {
      std::destroy_at(&current_);
      std::construct_at(&current_, from_->receive());
      return *this;
    }
    void operator++(int) noexcept { ++*this; }
    bool operator==(std::default_sentinel_t) const noexcept { return !current_; }

   private:
    channel* from_;
    mutable result<T> current_;
  };
  iterator begin() noexcept { return iterator(*this); }
  std::default_sentinel_t end() const noexcept { return {}; }

 private:
  detail::channel_core<T> core_;
};

}  // namespace weft
