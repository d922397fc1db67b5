#include <algorithm>

#include <weft/sync/deadline.hpp>

/// A waiter parks until the time that it has read, and looks again when it wakes. So a deadline
/// that is put off needs to tell no one: who wakes too early sleeps on. One that is brought forward
/// is stored first, and then every waiter is woken under the lock. A waiter compares the deadline
/// with what it had read under the same lock, after linking its node: either it sees the new time,
/// or it was linked when the queue was emptied.
namespace weft {

void deadline::reset(time_point at) noexcept {
  // Release pairs with the acquire in at(): what was done before is seen by who sees the new time.
  const std::int64_t before = at_.exchange(count_of(at), std::memory_order_acq_rel);
  if (count_of(at) < before) {
    wake_all();
  }
}

void deadline::extend(duration by) noexcept {
  std::int64_t before = at_.load(std::memory_order_relaxed);
  std::int64_t after = 0;
  constexpr std::int64_t lowest = count_of(time_point::min());
  constexpr std::int64_t highest = count_of(forever);
  do {
    if (before == highest) {
      return;
    }
    if (by < duration::zero()) {
      after = before < lowest - by.count() ? lowest : before + by.count();
    } else {
      after = before > highest - by.count() ? highest : before + by.count();
    }
  } while (!at_.compare_exchange_weak(before, after, std::memory_order_acq_rel,
                                      std::memory_order_relaxed));
  if (after < before) {
    wake_all();
  }
}

duration deadline::remaining() const noexcept {
  const time_point end = at();
  if (end == forever) {
    return duration::max();
  }
  return time_left(end);
}

void deadline::wake_all() noexcept {
  const std::uint64_t state = lock_.lock();
  detail::claimed_waiters woken;
  while (detail::wait_node* const node = queue_.pop_claimed()) {
    woken.add(*node);
  }
  lock_.unlock(state);
  woken.resume_all();
}

result<void> deadline::wait_until(time_point limit) noexcept {
  detail::consume_budget();
  for (;;) {
    const time_point end = at();
    if (has_passed(end)) {
      return {};
    }
    if (has_passed(limit)) {
      return fail(detail::time_out_of_wait());
    }
    if (const auto waited = wait_once(end, limit); !waited) {
      return waited;
    }
  }
}

/// Waits until the earlier of the two has passed or the deadline is brought forward.
result<void> deadline::wait_once(time_point seen, time_point limit) noexcept {
  const auto begun = detail::begin_wait(detail::cancelable::yes);
  if (!begun) {
    return fail(begun.error());
  }
  detail::wait_node self;
  self.token = *begun;
  std::uint64_t state = lock_.lock();
  const bool stands = at() == seen;
  if (stands) {
    queue_.push_back(self);
  }
  lock_.unlock(state);
  if (!stands) {
    detail::abandon_wait(*begun);
    return {};
  }
  const auto reason = detail::park(*begun, std::min(seen, limit), {"a deadline", this});
  if (reason == detail::wake_reason::ready) {
    return {};
  }
  state = lock_.lock();
  queue_.remove(self);
  lock_.unlock(state);
  if (reason == detail::wake_reason::canceled) {
    return fail(detail::cancel_error());
  }
  return {};
}

arm_step deadline::enlist(detail::wait_node& node, arm_ticket ticket) noexcept {
  const std::uint64_t state = lock_.lock();
  const bool is_over = expired();
  if (!is_over) {
    node.token = ticket.token();
    queue_.push_back(node);
  }
  lock_.unlock(state);
  if (!is_over) {
    return arm_step::waiting;
  }
  return ticket.claim() ? arm_step::done : arm_step::lost;
}

void deadline::withdraw(detail::wait_node& node) noexcept {
  const std::uint64_t state = lock_.lock();
  queue_.remove(node);
  lock_.unlock(state);
}

std::size_t deadline::waiters() const noexcept {
  const std::uint64_t state = lock_.lock();
  const std::size_t count = queue_.size();
  lock_.unlock(state);
  return count;
}

}  // namespace weft
