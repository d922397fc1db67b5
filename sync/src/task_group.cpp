#include <mutex>

#include <weft/runtime/runtime.hpp>
#include <weft/sync/task_group.hpp>

namespace weft {

runtime* task_group::current_runtime() noexcept {
  return runtime::current();
}

task_group::~task_group() {
  cancel("the task_group was destroyed");
  (void)join(detail::cancelable::no);
}

void task_group::cancel(const char* reason) noexcept {
  scope_.cancel(detail::scope::status::canceled, reason);
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

void task_group::ended(detail::fiber* task) noexcept {
  detail::outcome<void>& end = detail::outcome_of<void>(task);
  const bool failed = end.exception || !*end.value;
  if (failed) {
    std::unique_lock hold(lock_);
    const bool first = !first_error_ && !first_exception_;
    if (first && end.exception) {
      first_exception_ = std::move(end.exception);
    } else if (first) {
      first_error_ = end.value->error();
    }
    hold.unlock();
    if (policy_ == on_error::fail_fast) {
      cancel("another task of the group failed");
    }
  }
  detail::reap_fiber(task);
  detail::wait_token to_wake;
  {
    std::lock_guard hold(lock_);
    if (--running_ == 0) {
      to_wake = std::exchange(waiter_, {});
    }
  }
  // The group may be gone.
  if (to_wake.who) {
    detail::unpark(to_wake);
  }
}

result<void> task_group::join(detail::cancelable can) noexcept {
  detail::wait_token mine;
  {
    std::lock_guard hold(lock_);
    if (running_ == 0) {
      return {};
    }
    auto begun = detail::begin_wait(can);
    if (!begun) {
      return fail(begun.error());
    }
    waiter_ = mine = *begun;
  }
  if (detail::park(mine, forever, "a task group") == detail::wake_reason::ready) {
    return {};
  }
  std::lock_guard hold(lock_);
  waiter_ = {};
  return running_ == 0 ? result<void>() : fail(detail::cancel_error());
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

result<void> task_group::wait() {
  if (auto joined = join(detail::cancelable::yes); !joined) {
    return joined;
  }
  std::error_code error;
  std::exception_ptr exception;
  {
    std::lock_guard hold(lock_);
    error = std::exchange(first_error_, {});
    exception = std::exchange(first_exception_, nullptr);
  }
  scope_.reopen();
  if (exception) {
    std::rethrow_exception(exception);
  }
  if (error) {
    return fail(error);
  }
  return {};
}

}  // namespace weft
