#include <thread>

#include <weft/runtime/detail/atomic.hpp>
#include <weft/sync/barrier.hpp>

/// An arrival counts while its node is linked, and exactly one of two ends that, under the lock:
/// the last to arrive, which unlinks all nodes, or a waiter whose wait failed. So a waiter that was
/// cancelled and finds itself unlinked was counted, and goes on.
///
/// Who goes on may destroy the barrier, and such a waiter has yet to find out. So the two meet at
/// its node first: where the last to arrive was there before, the waiter leaves the barrier alone;
/// where the waiter was, and is on its way to the lock, the last to arrive waits for it, which
/// takes a few instructions, before it lets anyone go.
namespace weft {

struct barrier::arrival : detail::wait_node {
  detail::atomic<bool> is_met{false};
  detail::atomic<std::size_t>* late = nullptr;  // guarded by the lock: where to report

  /// For both, acq_rel: what the first did to the node is seen by the second. True: for that.
  bool meet() noexcept { return is_met.exchange(true, std::memory_order_acq_rel); }
};

result<bool> barrier::arrive_and_wait_until(time_point deadline) noexcept {
  detail::consume_budget();
  const bool waits = deadline == forever || deadline > clock::now();
  arrival self;
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
  detail::atomic<std::size_t> late{0};
  while (auto* const node = static_cast<arrival*>(queue_.pop_front())) {
    if (node->claim()) {
      woken.add(*node);
    } else if (node->meet()) {
      node->late = &late;
      late.fetch_add(1, std::memory_order_relaxed);  // under the lock, as the look at node->late
    }
  }
  word_.unlock(0);
  // Acquire pairs with the release in take_back().
  for (int spins = 0; late.load(std::memory_order_acquire) != 0; ++spins) {
    spins < 100 ? detail::cpu_relax() : std::this_thread::yield();
  }
  woken.resume_all();
}

/// False: it was counted.
bool barrier::take_back(arrival& own) noexcept {
  if (own.meet()) {
    return false;
  }
  const std::uint64_t state = word_.lock();
  const bool counted = queue_.remove(own);
  detail::atomic<std::size_t>* const late = own.late;
  word_.unlock(counted ? state - one : state);
  if (late) {
    late->fetch_sub(1, std::memory_order_release);
  }
  return counted;
}

}  // namespace weft
