#include <mutex>
#include <new>

#include <weft/runtime/detail/wait_queue.hpp>
#include <weft/runtime/runtime.hpp>
#include <weft/sync/task_group.hpp>

namespace weft {

runtime* task_group::current_runtime() noexcept {
  return runtime::current();
}

task_group::~task_group() {
  cancel("the task_group was destroyed");
  (void)join(detail::cancelable::no, forever);
}

void task_group::cancel(const char* reason) noexcept {
  scope_.cancel(reason);
}

std::size_t task_group::size() const noexcept {
  std::lock_guard hold(lock_);
  return running_;
}

void task_group::adopt(detail::fiber* task) noexcept {
  {
    std::lock_guard hold(lock_);
    ++running_;
  }
  detail::set_completion_hook(
      task,
      [](detail::fiber* finished, void* group) noexcept {
        static_cast<task_group*>(group)->ended(finished);
      },
      this);
  detail::start_fiber(task);
}

/// What the group's own cancellation made of a task is no failure of the task.
void task_group::keep(task_failure failure) noexcept {
  const bool is_consequence = policy_ == on_error::fail_fast && !failure.exception &&
                              failure.error == errc::operation_canceled;
  std::list<task_failure> node;
  {
    std::lock_guard hold(lock_);
    if (!failed_.any) {
      failed_.any = true;
      failed_.first = std::move(failure);
      return;
    }
  }
  if (is_consequence || policy_ == on_error::keep_going) {
    return;
  }
  try {
    node.push_back(std::move(failure));  // not under a spinlock
  } catch (const std::bad_alloc&) {
    return;
  }
  std::lock_guard hold(lock_);
  failed_.rest.splice(failed_.rest.end(), node);
}

void task_group::ended(detail::fiber* task) noexcept {
  detail::outcome<void>& end = detail::outcome_of<void>(task);
  if (end.exception || !*end.value) {
    keep({.error = end.exception ? std::error_code() : end.value->error(),
          .exception = std::move(end.exception),
          .fiber = detail::fiber_id(task),
          .background = end.value ? detail::take_background(*task, end.value->error())
                                  : detail::error_background()});
    if (policy_ == on_error::fail_fast) {
      cancel("another task of the group failed");
    }
  }
  detail::reap_fiber(task);
  if (limited_) {
    places_.release();
  }
  detail::wait_token to_wake;
  {
    std::lock_guard hold(lock_);
    // Claimed under the lock: one whose wait has ended otherwise takes the lock before it leaves,
    // and then it, and its runtime, may be gone.
    if (--running_ == 0 && waiter_.who) {
      to_wake = detail::claim_wait(waiter_) ? waiter_ : detail::wait_token();
      waiter_ = {};
    }
  }
  // The group may be gone.
  if (to_wake.who) {
    detail::resume(to_wake);
  }
}

result<void> task_group::join(detail::cancelable can, time_point until) noexcept {
  detail::wait_token mine;
  {
    std::lock_guard hold(lock_);
    if (running_ == 0) {
      return {};
    }
    if (until != forever && until <= clock::now()) {
      return fail(detail::time_out_of_wait());
    }
    auto begun = detail::begin_wait(can);
    if (!begun) {
      return fail(begun.error());
    }
    waiter_ = mine = *begun;
  }
  const auto reason = detail::park(mine, until, {"a task group", &scope_});
  if (reason == detail::wake_reason::ready) {
    return {};
  }
  std::lock_guard hold(lock_);
  waiter_ = {};
  return running_ == 0 ? result<void>() : fail(detail::error_of_wait(reason));
}

arm_step task_group::enlist(arm_ticket ticket) noexcept {
  std::lock_guard hold(lock_);
  if (running_ == 0) {
    return ticket.claim() ? arm_step::done : arm_step::lost;
  }
  waiter_ = ticket.token();
  return arm_step::waiting;
}

void task_group::withdraw() noexcept {
  std::lock_guard hold(lock_);
  waiter_ = {};
}

result<void> task_group::wait_until(time_point deadline) {
  if (auto joined = join(detail::cancelable::yes, deadline); !joined) {
    return joined;
  }
  failure_list fresh;
  {
    std::lock_guard hold(lock_);
    std::swap(fresh, failed_);
  }
  delivered_ = std::move(fresh);
  scope_.reopen();
  if (!delivered_.any) {
    return {};
  }
  if (delivered_.first.exception) {
    std::rethrow_exception(delivered_.first.exception);
  }
  detail::adopt_background(delivered_.first.error, delivered_.first.background);
  return fail(delivered_.first.error);
}

std::vector<task_failure> task_group::failures() const {
  std::vector<task_failure> all;
  if (delivered_.any) {
    all.reserve(1 + delivered_.rest.size());
    all.push_back(delivered_.first);
    all.insert(all.end(), delivered_.rest.begin(), delivered_.rest.end());
  }
  return all;
}

}  // namespace weft
