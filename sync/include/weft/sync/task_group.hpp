#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <list>
#include <source_location>
#include <type_traits>
#include <utility>
#include <vector>

#include <weft/runtime/arm.hpp>
#include <weft/runtime/blocking.hpp>
#include <weft/runtime/clock.hpp>
#include <weft/runtime/config.hpp>
#include <weft/runtime/detail/parker.hpp>
#include <weft/runtime/detail/scope.hpp>
#include <weft/runtime/detail/spinlock.hpp>
#include <weft/runtime/detail/task.hpp>
#include <weft/runtime/result.hpp>
#include <weft/runtime/spawn.hpp>
#include <weft/sync/semaphore.hpp>
#include <weft/sync/task_failure.hpp>

namespace weft {

/// What a task group does when one of its tasks fails.
enum class on_error : std::uint8_t {
  fail_fast,   ///< cancels the others
  keep_going,  ///< lets them run on; of the failures the first is kept
  collect,     ///< lets them run on, and keeps every failure for failures()
};

/// How a task_group is made. Name what you need: `task_group crawl({.max_concurrency = 8});`
struct task_group_options {
  on_error policy = on_error::fail_fast;
  /// Tasks at a time; 0: any number.
  std::size_t max_concurrency = 0;
};

/// Runs many fibers as one: none outlives the group.
///
/// Tasks run in the group's scope, below the scope in which the group was made: what cancels that
/// cancels them, and so does its deadline. The fiber that made the group is not in it: cancelling
/// the group does not interrupt that fiber.
///
/// Suspends: spawn() of a group with max_concurrency, while so many tasks run; wait().
/// Errors: spawn() fails only there: with `operation_canceled` or `timed_out` when a scope around
///   the caller ends while it waits for a place, and then the task was not made. A group without
///   max_concurrency takes every task, and what spawn() returns need not be looked at.
/// Threads: any fiber or thread may spawn into it and cancel it while it lives; one may wait. A
///   plain thread that has to wait, for a place or in wait(), blocks. Only a group that was made by
///   a fiber can run tasks.
/// Lifetime: the destructor cancels the tasks and waits for them. The group must not outlive the
/// scope
///   in which it was made.
/// Cost: no allocation beside the fibers', but for each failure that is kept after the first; a
/// lock
///   for each start and end of a task.
class WEFT_API task_group {
 public:
  explicit task_group(on_error policy = on_error::fail_fast) noexcept
      : task_group(task_group_options{.policy = policy}) {}
  explicit task_group(const task_group_options& options) noexcept
      : policy_(options.policy),
        limited_(options.max_concurrency != 0),
        places_(options.max_concurrency) {}
  task_group(const task_group&) = delete;
  task_group& operator=(const task_group&) = delete;
  ~task_group();

  /// Starts `f(args...)`, with copies of both, as a fiber of the group. What it returns is dropped
  /// unless it is an error. Up to three arguments; more with spawn_options or a lambda.
  ///
  /// A task that spawns into its own group keeps its place while it waits for another: where all
  /// do, none comes free. try_spawn() is for them.
  ///
  /// Errors: as above; throws std::bad_alloc.
  template <class F>
    requires std::invocable<std::decay_t<F>>
  result<void> spawn(F&& f, std::source_location site = std::source_location::current()) {
    return start({.site = site}, std::forward<F>(f));
  }
  template <class F, class A>
    requires std::invocable<std::decay_t<F>, std::decay_t<A>>
  result<void> spawn(F&& f, A&& a, std::source_location site = std::source_location::current()) {
    return start({.site = site}, std::forward<F>(f), std::forward<A>(a));
  }
  template <class F, class A, class B>
    requires std::invocable<std::decay_t<F>, std::decay_t<A>, std::decay_t<B>>
  result<void> spawn(F&& f, A&& a, B&& b,
                     std::source_location site = std::source_location::current()) {
    return start({.site = site}, std::forward<F>(f), std::forward<A>(a), std::forward<B>(b));
  }
  template <class F, class A, class B, class C>
    requires std::invocable<std::decay_t<F>, std::decay_t<A>, std::decay_t<B>, std::decay_t<C>>
  result<void> spawn(F&& f, A&& a, B&& b, C&& c,
                     std::source_location site = std::source_location::current()) {
    return start({.site = site}, std::forward<F>(f), std::forward<A>(a), std::forward<B>(b),
                 std::forward<C>(c));
  }
  template <class F, class... Args>
    requires std::invocable<std::decay_t<F>, std::decay_t<Args>...>
  result<void> spawn(const spawn_options& options, F&& f, Args&&... args) {
    return start(detail::request_from(options), std::forward<F>(f), std::forward<Args>(args)...);
  }

  /// spawn() that fails with `operation_would_block` instead of waiting for a place.
  template <class F>
    requires std::invocable<std::decay_t<F>>
  result<void> try_spawn(F&& f, std::source_location site = std::source_location::current()) {
    if (limited_) {
      auto place = places_.try_acquire();
      if (!place) {
        return fail(place.error());
      }
      start_in(std::move(*place), {.site = site}, std::forward<F>(f));
      return {};
    }
    return spawn(std::forward<F>(f), site);
  }

  /// spawn() of a function that blocks: a task of the group that calls it by blocking(). Cancelled
  /// before it has begun, it is not called; once begun, it is waited for.
  template <class F>
    requires std::invocable<std::decay_t<F>&>
  result<void> spawn_blocking(F&& f, std::source_location site = std::source_location::current()) {
    return start({.site = site},
                 [call = std::decay_t<F>(std::forward<F>(f))]() mutable { return blocking(call); });
  }

  /// Waits until no task is left, then returns the first error or rethrows the first exception that
  /// a task ended with. The group is as new afterwards, but for failures().
  ///
  /// Errors: `operation_canceled` or `timed_out` when a scope around the caller ends first; then
  /// the
  ///   tasks still belong to the group.
  result<void> wait() { return wait_until(forever); }
  /// wait() that fails with `timed_out` after its own limit (zero or less is no wait), too. Then,
  /// or when a scope ends first, nothing that failed is forgotten: size() is not zero, and the next
  /// wait delivers it.
  result<void> wait_for(duration limit) { return wait_until(deadline_after(limit)); }
  result<void> wait_until(time_point deadline);

  /// What the tasks ended by the last wait() failed with, in the order in which they did: what
  /// wait() has returned or thrown, and the rest. With on_error::keep_going there is no rest. With
  /// fail_fast it is without the `operation_canceled` that came of the group's own doing. A failure
  /// for which there was no memory is missing.
  ///
  /// Threads: who waits. Errors: throws std::bad_alloc.
  std::vector<task_failure> failures() const;

  /// For select(): a wait().
  auto waiting() noexcept { return arm(*this); }

  /// Cancels the tasks: their waits fail with `operation_canceled`. Returns at once. Tasks spawned
  /// before the next wait() has returned are cancelled, too.
  void cancel(const char* reason = "task_group::cancel() was called") noexcept;

  /// How many tasks have not ended yet.
  std::size_t size() const noexcept;

 private:
  template <class F, class... Args>
  result<void> start(const detail::fiber_request& request, F&& f, Args&&... args) {
    semaphore::permit place;
    if (limited_) {
      auto acquired = places_.acquire();
      if (!acquired) {
        return fail(acquired.error());
      }
      place = std::move(*acquired);
    }
    start_in(std::move(place), request, std::forward<F>(f), std::forward<Args>(args)...);
    return {};
  }

  /// In a place that was acquired, if the group has places; it is given back by ended().
  template <class F, class... Args>
  void start_in(semaphore::permit place, detail::fiber_request request, F&& f, Args&&... args) {
    request.where_to = home_;
    request.parent = &scope_;
    // What a task returns is dropped while it is still a fiber: a destructor may suspend.
    auto task = [call = detail::bind_call(std::forward<F>(f),
                                          std::forward<Args>(args)...)]() mutable -> result<void> {
      using R = std::invoke_result_t<decltype(call)&>;
      if constexpr (std::is_same_v<R, result<detail::flatten_t<R>>>) {
        if (auto returned = call(); !returned) {
          return fail(returned.error());
        }
      } else {
        (void)call();
      }
      return {};
    };
    detail::fiber* const made = detail::make_fiber<void>(request, std::move(task));
    place.forget();
    adopt(made);
  }

  class arm {
   public:
    static constexpr bool served_by_fibers = true;

    explicit arm(task_group& group) noexcept : group_(&group) {}

    bool try_now() noexcept { return group_->size() == 0; }
    arm_step enlist(arm_ticket ticket) noexcept { return group_->enlist(ticket); }
    bool withdraw() noexcept {
      group_->withdraw();
      return false;
    }
    result<void> outcome() { return group_->wait(); }

   private:
    task_group* group_;
  };

  void adopt(detail::fiber* task) noexcept;
  void ended(detail::fiber* task) noexcept;
  void keep(task_failure failure) noexcept;
  result<void> join(detail::cancelable can, time_point until) noexcept;
  arm_step enlist(arm_ticket ticket) noexcept;
  void withdraw() noexcept;

  struct failure_list {
    bool any = false;
    task_failure first;  // needs no allocation
    std::list<task_failure> rest;
  };

  const on_error policy_;
  const bool limited_;
  semaphore places_;
  runtime* const home_ = current_runtime();
  detail::group_scope scope_;
  failure_list delivered_;         // by the last wait(); of who waits
  mutable detail::spinlock lock_;  // guards all below
  std::size_t running_ = 0;
  failure_list failed_;
  detail::wait_token waiter_;

  static runtime* current_runtime() noexcept;
};

}  // namespace weft
