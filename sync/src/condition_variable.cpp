#include <cassert>

#include <weft/sync/condition_variable.hpp>

/// crowded_ follows queue_ under lock_. A notifier may read it without: it has held the mutex after
/// the waiter gave it up, or else it has changed nothing that the waiter waits for.
namespace weft {

void condition_variable::notify_one() noexcept {
  // Relaxed: ordered by the mutex; see above.
  if (!crowded_.load(std::memory_order_relaxed)) {
    return;
  }
  std::unique_lock hold(lock_);
  detail::wait_node* const first = queue_.pop_claimed();
  crowded_.store(!queue_.empty(), std::memory_order_relaxed);
  hold.unlock();
  if (first) {
    detail::resume(first->token);
  }
}

void condition_variable::notify_all() noexcept {
  if (!crowded_.load(std::memory_order_relaxed)) {
    return;
  }
  detail::claimed_waiters woken;
  {
    std::lock_guard hold(lock_);
    while (detail::wait_node* const node = queue_.pop_claimed()) {
      woken.add(*node);
    }
    crowded_.store(false, std::memory_order_relaxed);
  }
  woken.resume_all();
}

result<void> condition_variable::wait_until(std::unique_lock<mutex>& hold,
                                            time_point deadline) noexcept {
  assert(hold.owns_lock() && "condition_variable::wait() without the mutex");
  detail::wait_node self;
  auto begun = detail::begin_wait(detail::cancelable::yes);
  if (!begun) {
    return fail(begun.error());
  }
  self.token = *begun;
  {
    std::lock_guard link(lock_);
    queue_.push_back(self);
    crowded_.store(true, std::memory_order_relaxed);
  }
  mutex& guard = *hold.mutex();
  guard.unlock();
  const detail::wake_reason reason =
      detail::park(self.token, deadline, {"a condition variable", this});
  std::error_code error;
  if (reason != detail::wake_reason::ready) {
    error = detail::error_of_wait(reason);
    std::lock_guard unlink(lock_);
    queue_.remove(self);
    crowded_.store(!queue_.empty(), std::memory_order_relaxed);
  }
  guard.lock();
  return error ? result<void>(fail(error)) : result<void>();
}

std::size_t condition_variable::waiters() const noexcept {
  std::lock_guard hold(lock_);
  return queue_.size();
}

}  // namespace weft
