#pragma once

#include <concepts>
#include <cstddef>
#include <exception>
#include <source_location>
#include <system_error>
#include <type_traits>
#include <utility>

#include <weft/runtime/arm.hpp>
#include <weft/runtime/config.hpp>
#include <weft/runtime/detail/parker.hpp>
#include <weft/runtime/detail/scope.hpp>
#include <weft/runtime/detail/spinlock.hpp>
#include <weft/runtime/detail/task.hpp>
#include <weft/runtime/result.hpp>
#include <weft/runtime/spawn.hpp>

namespace weft {

/// What a task group does when one of its tasks fails.
enum class on_error : std::uint8_t {
  fail_fast,   ///< cancels the others
  keep_going,  ///< lets them run on
};

/// Runs many fibers as one: none outlives the group.
///
/// Tasks run in the group's scope, below the scope in which the group was made: what cancels that
/// cancels them, and so does its deadline. The fiber that made the group is not in it: cancelling
/// the group does not interrupt that fiber.
///
/// Threads: any fiber or thread may spawn into it and cancel it while it lives; one may wait.
/// Lifetime: the destructor cancels the tasks and waits for them. The group must not outlive the
/// scope
///   in which it was made.
/// Cost: no allocation beside the fibers'; a lock for each start and end of a task.
class WEFT_API task_group {
 public:
  explicit task_group(on_error policy = on_error::fail_fast) noexcept : policy_(policy) {}
  task_group(const task_group&) = delete;
  task_group& operator=(const task_group&) = delete;
  ~task_group();

  /// Starts `f(args...)`, with copies of both, as a fiber of the group. What it returns is dropped
  /// unless it is an error. Up to three arguments; more with spawn_options or a lambda.
  /// Errors: throws std::bad_alloc.
  template <class F>
    requires std::invocable<std::decay_t<F>>
  void spawn(F&& f, std::source_location site = std::source_location::current()) {
    start({.site = site}, std::forward<F>(f));
  }
  template <class F, class A>
    requires std::invocable<std::decay_t<F>, std::decay_t<A>>
  void spawn(F&& f, A&& a, std::source_location site = std::source_location::current()) {
    start({.site = site}, std::forward<F>(f), std::forward<A>(a));
  }
  template <class F, class A, class B>
    requires std::invocable<std::decay_t<F>, std::decay_t<A>, std::decay_t<B>>
  void spawn(F&& f, A&& a, B&& b, std::source_location site = std::source_location::current()) {
    start({.site = site}, std::forward<F>(f), std::forward<A>(a), std::forward<B>(b));
  }
  template <class F, class A, class B, class C>
    requires std::invocable<std::decay_t<F>, std::decay_t<A>, std::decay_t<B>, std::decay_t<C>>
  void spawn(F&& f, A&& a, B&& b, C&& c,
             std::source_location site = std::source_location::current()) {
    start({.site = site}, std::forward<F>(f), std::forward<A>(a), std::forward<B>(b),
          std::forward<C>(c));
  }
  template <class F, class... Args>
    requires std::invocable<std::decay_t<F>, std::decay_t<Args>...>
  void spawn(const spawn_options& options, F&& f, Args&&... args) {
    start(detail::request_from(options), std::forward<F>(f), std::forward<Args>(args)...);
  }

  /// Waits until no task is left, then returns the first error or rethrows the first exception that
  /// a task ended with. The group is as new afterwards.
  ///
  /// Errors: `operation_canceled` or `timed_out` when a scope around the caller ends first; then
  /// the
  ///   tasks still belong to the group.
  result<void> wait();

  /// For select(): a wait().
  auto waiting() noexcept { return arm(*this); }

  /// Cancels the tasks: their waits fail with `operation_canceled`. Returns at once. Tasks spawned
  /// before the next wait() has returned are cancelled, too.
  void cancel(const char* reason = "task_group::cancel() was called") noexcept;

  /// How many tasks have not ended yet.
  std::size_t size() const noexcept;

 private:
  template <class F, class... Args>
  void start(detail::fiber_request request, F&& f, Args&&... args) {
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
    adopt(detail::make_fiber<void>(request, std::move(task)));
  }

  class arm {
   public:
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
  result<void> join(detail::cancelable can) noexcept;
  arm_step enlist(arm_ticket ticket) noexcept;
  void withdraw() noexcept;

  const on_error policy_;
  runtime* const home_ = current_runtime();
  detail::group_scope scope_;
  mutable detail::spinlock lock_;  // guards all below
  std::size_t running_ = 0;
  std::error_code first_error_;
  std::exception_ptr first_exception_;
  detail::wait_token waiter_;

  static runtime* current_runtime() noexcept;
};

}  // namespace weft
