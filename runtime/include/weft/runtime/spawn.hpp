#pragma once

#include <cassert>
#include <concepts>
#include <optional>
#include <source_location>
#include <string_view>

#include <weft/runtime/arm.hpp>
#include <weft/runtime/clock.hpp>
#include <weft/runtime/config.hpp>
#include <weft/runtime/detail/error_background.hpp>
#include <weft/runtime/detail/task.hpp>
#include <weft/runtime/result.hpp>

namespace weft {

/// How a fiber is made. Name only what you need: `spawn({.name = "reaper"}, reap);`
struct spawn_options {
  /// Shown in dumps and overflow reports; copied.
  std::string_view name = {};
  /// Address space of the stack, guard page included; 0 takes the runtime's default, and the least
  /// is 16 KiB.
  std::size_t stack_size = 0;
  /// Keeps the fiber on the worker that it first runs on.
  bool pinned = false;
  /// Where the fiber was spawned, for dumps.
  std::source_location site = std::source_location::current();
};

template <class T>
class join_handle;

namespace detail {

/// See join_handle::joining(). Wins at once for the calling fiber's own handle: `would_deadlock`.
template <class T>
class join_arm {
 public:
  static constexpr bool served_by_fibers = true;

  join_arm(join_handle<T>& handle, fiber* f) noexcept : handle_(&handle), fiber_(f) {}

  bool try_now() noexcept { return is_finished(fiber_) || is_calling(fiber_); }
  arm_step enlist(arm_ticket ticket) noexcept {
    if (enlist_joiner(fiber_, ticket.token())) {
      return arm_step::waiting;
    }
    return ticket.claim() ? arm_step::done : arm_step::lost;
  }
  bool withdraw() noexcept {
    withdraw_joiner(fiber_);
    return false;
  }
  result<T> outcome() { return handle_->join(); }

 private:
  join_handle<T>* handle_;
  fiber* fiber_;
};

}  // namespace detail

/// Owns a running fiber: joins it, cancels it, or lets it go. Like std::jthread, a handle that is
/// dropped cancels its fiber and waits for it.
///
/// Threads: one owner at a time; the owner may be a fiber or a plain thread.
/// Cost: one pointer.
template <class T>
class [[nodiscard]] join_handle {
 public:
  join_handle() noexcept = default;
  join_handle(join_handle&& other) noexcept : fiber_(std::exchange(other.fiber_, nullptr)) {}
  join_handle& operator=(join_handle&& other) noexcept {
    if (this != &other) {
      drop();
      fiber_ = std::exchange(other.fiber_, nullptr);
    }
    return *this;
  }
  ~join_handle() { drop(); }

  /// Waits until the fiber has ended and returns what it returned; rethrows the exception it ended
  /// with. The handle is empty afterwards.
  ///
  /// Errors: the fiber's own; `operation_canceled` or `timed_out` when a scope around the *caller*
  ///   ends first: then the handle still owns the fiber (joinable() tells the two apart).
  ///   `would_deadlock` when a fiber joins itself.
  result<T> join() { return join_until(forever); }

  /// join() that gives up at a time: `timed_out`, and the handle still owns the fiber.
  result<T> join_for(duration limit) { return join_until(deadline_after(limit)); }
  result<T> join_until(time_point deadline) {
    assert(fiber_ && "join() on an empty join_handle: it was joined, detached or moved from");
    if (auto waited = detail::join_fiber(fiber_, detail::cancelable::yes, deadline); !waited) {
      return fail(waited.error());
    }
    return take();
  }

  /// What join() would return if it need not wait; nothing, and no change, otherwise.
  std::optional<result<T>> try_join() {
    assert(fiber_ && "try_join() on an empty join_handle: it was joined, detached or moved from");
    if (!detail::is_finished(fiber_)) {
      return std::nullopt;
    }
    return take();
  }

  /// For select(): waits for the end and then joins. The outcome is what join() returns.
  auto joining() noexcept {
    assert(fiber_ && "joining() on an empty join_handle: it was joined, detached or moved from");
    return detail::join_arm<T>(*this, fiber_);
  }

  /// Asks the fiber to end: its waits, present and future, fail with `operation_canceled`. Returns
  /// at once. May be called many times, also after the end.
  void cancel() noexcept {
    if (fiber_) {
      detail::cancel_fiber(fiber_, "the fiber's join_handle was cancelled");
    }
  }

  /// Lets the fiber run on alone; it ends at the latest when the runtime shuts down. An exception
  /// that leaves a detached fiber terminates the program with a message.
  void detach() noexcept {
    assert(fiber_ && "detach() on an empty join_handle: it was joined, detached or moved from");
    detail::detach_fiber(std::exchange(fiber_, nullptr));
  }

  /// Whether the fiber has ended. False for an empty handle.
  bool finished() const noexcept { return fiber_ && detail::is_finished(fiber_); }
  /// Whether the handle owns a fiber.
  bool joinable() const noexcept { return fiber_ != nullptr; }
  /// The fiber's number in dumps; 0 for an empty handle.
  std::uint64_t id() const noexcept { return fiber_ ? detail::fiber_id(fiber_) : 0; }

  /// For the library's own use.
  explicit join_handle(detail::fiber* f) noexcept : fiber_(f) {}

 private:
  result<T> take() {
    struct reaper {
      detail::fiber* f;
      ~reaper() { detail::reap_fiber(f); }
    } reap{std::exchange(fiber_, nullptr)};
    result<T> end = detail::outcome_of<T>(reap.f).take();
    if (!end) [[unlikely]] {
      detail::inherit_background(*reap.f, end.error());
    }
    return end;
  }

  void drop() noexcept {
    if (!fiber_) {
      return;
    }
    detail::cancel_fiber(fiber_, "the fiber's join_handle was dropped");
    (void)detail::join_fiber(fiber_, detail::cancelable::no, forever);
    detail::reap_fiber(std::exchange(fiber_, nullptr));
  }

  detail::fiber* fiber_ = nullptr;
};

namespace detail {

inline fiber_request request_from(const spawn_options& options) noexcept {
  return {.stack_size = options.stack_size,
          .pinned = options.pinned,
          .name = options.name,
          .site = options.site};
}

template <class F, class... Args>
using spawn_result = flatten_t<std::invoke_result_t<std::decay_t<F>, std::decay_t<Args>...>>;

template <class F, class... Args>
auto spawn_with(const fiber_request& request, F&& f, Args&&... args) {
  using T = spawn_result<F, Args...>;
  fiber* made = make_fiber<T>(request, bind_call(std::forward<F>(f), std::forward<Args>(args)...));
  start_fiber(made);
  return join_handle<T>(made);
}

}  // namespace detail

/// Starts a fiber that calls `f(args...)`, with copies of both, in the runtime of the calling
/// fiber.
///
/// Does not suspend: the new fiber is queued behind those that are ready. From a plain thread use
/// runtime::spawn(). Up to three arguments; give more by capturing them in a lambda, or use the
/// form with spawn_options.
///
/// Errors: throws std::bad_alloc when there is no memory for the fiber.
/// Cost: one pooled control block, no stack until the fiber first runs; callables up to 56 bytes
///   need no other allocation.
template <class F>
  requires std::invocable<std::decay_t<F>>
auto spawn(F&& f, std::source_location site = std::source_location::current()) {
  return detail::spawn_with({.site = site}, std::forward<F>(f));
}
template <class F, class A>
  requires std::invocable<std::decay_t<F>, std::decay_t<A>>
auto spawn(F&& f, A&& a, std::source_location site = std::source_location::current()) {
  return detail::spawn_with({.site = site}, std::forward<F>(f), std::forward<A>(a));
}
template <class F, class A, class B>
  requires std::invocable<std::decay_t<F>, std::decay_t<A>, std::decay_t<B>>
auto spawn(F&& f, A&& a, B&& b, std::source_location site = std::source_location::current()) {
  return detail::spawn_with({.site = site}, std::forward<F>(f), std::forward<A>(a),
                            std::forward<B>(b));
}
template <class F, class A, class B, class C>
  requires std::invocable<std::decay_t<F>, std::decay_t<A>, std::decay_t<B>, std::decay_t<C>>
auto spawn(F&& f, A&& a, B&& b, C&& c,
           std::source_location site = std::source_location::current()) {
  return detail::spawn_with({.site = site}, std::forward<F>(f), std::forward<A>(a),
                            std::forward<B>(b), std::forward<C>(c));
}
template <class F, class... Args>
  requires std::invocable<std::decay_t<F>, std::decay_t<Args>...>
auto spawn(const spawn_options& options, F&& f, Args&&... args) {
  return detail::spawn_with(detail::request_from(options), std::forward<F>(f),
                            std::forward<Args>(args)...);
}

}  // namespace weft
