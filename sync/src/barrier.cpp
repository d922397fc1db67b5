#include <weft/sync/barrier.hpp>

/// An arrival counts while its node is linked, and exactly one of two ends that, under the lock:
/// the last to arrive, which unlinks all nodes, or a waiter whose wait failed. So a waiter that was
/// cancelled and finds itself unlinked was counted, and goes on. As who goes on may destroy the
/// barrier, the two meet as late_waiter.hpp says.
namespace weft {

result<bool> barrier::arrive_and_wait_until(time_point deadline) noexcept {
  detail::consume_budget();
  const bool waits = deadline == forever || deadline > clock::now();
  detail::late_waiter self;
  const std::uint64_t state = word_.lock();
  if (state / one + 1 == parties_) {
    let_all_go();
    return true;
  }
  if (!waits) {
    word_.unlock(state);
    return fail(detail::time_out_of_wait());
  }
  auto begun = detail::begin_wait(detail::cancelable::yes);
  if (!begun) {
    word_.unlock(state);
    return fail(begun.error());
  }
  self.token = *begun;
  queue_.push_back(self);
  word_.unlock(state + one);
  const detail::wake_reason reason = detail::park(self.token, deadline, {"a barrier", this});
  if (reason != detail::wake_reason::ready && take_back(self)) {
    return fail(detail::error_of_wait(reason));
  }
  return false;
}

/// Begins the next round. Called with the lock, which it leaves.
void barrier::let_all_go() noexcept {
  detail::claimed_waiters woken;
  detail::late_waiters late;
  while (auto* const node = static_cast<detail::late_waiter*>(queue_.pop_front())) {
    node->claim() ? woken.add(*node) : late.meet(*node);
  }
  word_.unlock(0);
  late.await();
  woken.resume_all();
}

/// False: it was counted.
bool barrier::take_back(detail::late_waiter& arrival) noexcept {
  if (arrival.meet()) {
    return false;
  }
  const std::uint64_t state = word_.lock();
  const bool counted = queue_.remove(arrival);
  auto* const report = arrival.report;
  word_.unlock(counted ? state - one : state);
  detail::late_waiters::report_to(report);
  return counted;
}

}  // namespace weft
