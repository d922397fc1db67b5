#pragma once

#include <concepts>
#include <cstdint>
#include <mutex>
#include <utility>

#include <weft/runtime/clock.hpp>
#include <weft/runtime/detail/parker.hpp>
#include <weft/runtime/detail/primitive_arm.hpp>
#include <weft/runtime/detail/spinlock.hpp>
#include <weft/runtime/detail/wait_queue.hpp>
#include <weft/runtime/result.hpp>
#include <weft/sync/detail/value_cells.hpp>

namespace weft {

/// The latest of a sequence of values, such as a configuration, and those who follow it. Who is
/// slow misses what came between, never the last.
///
///     weft::watch<config> current(load());
///     auto changes = current.subscribe();
///     while (changes.changed()) apply(*changes.read());
///
/// Suspends: subscription::changed() until there is a version that this subscription has not seen.
///   Nothing else.
/// Errors: `closed` after close(), for changed() once the last version was seen; `timed_out` after
///   the call's own limit (zero or less is no wait); `operation_canceled` or `timed_out` when a
///   scope around the caller ends. What need not wait succeeds even then.
/// Threads: any fiber or thread may call anything on the watch; a subscription has one owner at a
///   time.
/// Lifetime: outlives its subscriptions; views are independent of it.
/// Cost: no allocation where readers are done before the next value but one comes, else one for
/// each
///   value. T's move constructor and the destructor of a moved-from T run under a spin lock: they
///   must not throw and not wait.
template <class T>
class watch {
 public:
  class subscription;
  /// A value to be read where it is, with `*` and `->`; it stays as it is whatever is set.
  using view = detail::value_view<T>;

  /// Begins with version 1.
  explicit watch(T first) {
    typename slot::leftovers rest;
    rest.fresh = std::make_unique<detail::value_cell<T>>();
    (void)current_.show(first, rest);
  }
  watch(const watch&) = delete;
  watch& operator=(const watch&) = delete;

  /// Replaces the value, which is moved from only when that succeeds.
  /// Errors: `closed`. Throws std::bad_alloc.
  result<void> set(T&& value) {
    typename slot::leftovers rest;
    detail::claimed_waiters woken;
    std::unique_lock hold(lock_);
    if (!closed_ && !current_.show(value, rest)) {
      hold.unlock();
      rest.fresh = std::make_unique<detail::value_cell<T>>();
      hold.lock();
      (void)(closed_ || current_.show(value, rest));
    }
    if (closed_) {
      return fail(errc::closed);
    }
    ++version_;
    wake_all(woken);
    hold.unlock();
    woken.resume_all();
    return {};
  }
  result<void> set(const T& value)
    requires std::copy_constructible<T>
  {
    T copy(value);
    return set(std::move(copy));
  }

  view read() const noexcept {
    std::lock_guard hold(lock_);
    return current_.view();
  }
  /// A copy.
  T get() const
    requires std::copy_constructible<T>
  {
    return *read();
  }
  /// How many values there have been.
  std::uint64_t version() const noexcept {
    std::lock_guard hold(lock_);
    return version_;
  }

  /// To follow the values; has seen the present one.
  subscription subscribe() noexcept { return subscription(*this); }

  /// No value will be set any more. False if it was closed already.
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

 private:
  using slot = detail::value_slot<T>;

  void wake_all(detail::claimed_waiters& woken) noexcept {
    while (detail::wait_node* const node = followers_.pop_claimed()) {
      woken.add(*node);
    }
  }

  mutable detail::spinlock lock_;
  bool closed_ = false;
  std::uint64_t version_ = 1;
  slot current_;
  detail::wait_queue followers_;
};

/// One follower of a watch, with the version that it has seen last. See watch.
template <class T>
class watch<T>::subscription {
 public:
  /// Waits for a version not seen yet, and takes it, the latest, as seen.
  result<void> changed() noexcept { return changed_until(forever); }
  result<void> changed_for(duration limit) noexcept { return changed_until(deadline_after(limit)); }
  result<void> changed_until(time_point deadline) noexcept {
    detail::consume_budget();
    waiter self;
    if (!try_now(self)) {
      if (auto waited = detail::wait_in_queue(*this, self, detail::cancelable::yes, deadline,
                                              "a watched value");
          !waited) {
        return waited;
      }
    }
    return outcome(self);
  }

  /// For select(): changed().
  auto changing() noexcept { return detail::primitive_arm<subscription>(*this); }

  /// Whether there is a version not seen yet.
  bool has_changed() const noexcept { return of_->version() != seen_; }

  /// The value, which counts as seen from now on.
  view read() noexcept {
    std::lock_guard hold(of_->lock_);
    seen_ = of_->version_;
    return of_->current_.view();
  }
  /// A copy.
  T get()
    requires std::copy_constructible<T>
  {
    return *read();
  }

  /// The version seen last.
  std::uint64_t seen() const noexcept { return seen_; }
  /// Makes the next changed() return at once.
  void mark_unseen() noexcept { seen_ = 0; }

 private:
  template <class Primitive>
  friend struct detail::arm_access;
  friend class watch;

  struct waiter : detail::wait_node {};

  explicit subscription(watch& of) noexcept : of_(&of), seen_(of.version()) {}

  bool is_ready() const noexcept { return of_->version_ != seen_ || of_->closed_; }

  bool try_now(waiter&) noexcept {
    std::lock_guard hold(of_->lock_);
    return is_ready();
  }
  bool enqueue(waiter& node) noexcept {
    std::lock_guard hold(of_->lock_);
    if (!is_ready()) {
      of_->followers_.push_back(node);
      return true;
    }
    (void)node.claim();
    return false;
  }
  void withdraw(waiter& node) noexcept {
    std::lock_guard hold(of_->lock_);
    of_->followers_.remove(node);
  }
  result<void> outcome(waiter&) noexcept {
    std::lock_guard hold(of_->lock_);
    if (seen_ == of_->version_) {
      return fail(errc::closed);
    }
    seen_ = of_->version_;
    return {};
  }

  watch* of_;
  std::uint64_t seen_;
};

}  // namespace weft
