#include <cassert>
#include <limits>
#include <mutex>

#include <weft/sync/condition_variable.hpp>
#include <weft/sync/detail/late_waiter.hpp>

/// crowded_ is set by who joins queue_ and cleared by a notifier who leaves it empty, both under
/// lock_. A notifier may read it without: it has held the mutex after the waiter gave it up, or
/// else it has changed nothing that the waiter waits for.
///
/// Who has notified all may destroy the variable. So those whose wait has ended otherwise are met
/// as late_waiter.hpp says, and leave crowded_ as it is: the notifier shall wait for their lock.
namespace weft {

void condition_variable::notify_one() noexcept {
  // Relaxed: ordered by the mutex; see above.
  if (!crowded_.load(std::memory_order_relaxed)) {
    return;
  }
  detail::claimed_waiters woken;
  notify(1, woken);
  woken.resume_all();
}

void condition_variable::notify_all() noexcept {
  if (!crowded_.load(std::memory_order_relaxed)) {
    return;
  }
  detail::claimed_waiters woken;
  notify(std::numeric_limits<std::size_t>::max(), woken);
  woken.resume_all();
}

/// Takes the first `most` waiters off the queue, for the caller to resume.
void condition_variable::notify(std::size_t most, detail::claimed_waiters& woken) noexcept {
  detail::late_waiters late;
  {
    std::lock_guard hold(lock_);
    while (most > 0 && !queue_.empty()) {
      auto& node = static_cast<detail::late_waiter&>(*queue_.pop_front());
      if (node.claim()) {
        woken.add(node);
        --most;
      } else {
        late.meet(node);
      }
    }
    crowded_.store(!queue_.empty(), std::memory_order_relaxed);
  }
  late.await();
}

result<void> condition_variable::wait_until(std::unique_lock<mutex>& hold,
                                            time_point deadline) noexcept {
  assert(hold.owns_lock() && "condition_variable::wait() without the mutex");
  detail::late_waiter self;
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
    withdraw(self);
  }
  guard.lock();
  return error ? result<void>(fail(error)) : result<void>();
}

void condition_variable::withdraw(detail::late_waiter& node) noexcept {
  if (node.meet()) {
    return;
  }
  std::unique_lock hold(lock_);
  queue_.remove(node);
  auto* const report = node.report;
  hold.unlock();
  detail::late_waiters::report_to(report);
}

std::size_t condition_variable::waiters() const noexcept {
  std::lock_guard hold(lock_);
  return queue_.size();
}

}  // namespace weft
