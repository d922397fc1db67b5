#pragma once

#include <cstddef>
#include <thread>

#include <weft/runtime/config.hpp>
#include <weft/runtime/detail/atomic.hpp>
#include <weft/runtime/detail/wait_queue.hpp>

/// For primitives that may be destroyed as soon as their waiters were served, though the wait of
/// one may have ended otherwise just before, and it has yet to find out.
///
/// The two meet at the waiter's node. Where the server was there first the waiter leaves the
/// primitive alone. Where the waiter was, it is on its way to the lock, and the server waits for
/// it before it lets anyone go, which takes a few instructions.
namespace weft::detail {

struct late_waiter : wait_node {
  atomic<bool> is_met{false};
  atomic<std::size_t>* report = nullptr;  // guarded by the primitive's lock

  /// For both; true for the second. acq_rel: what the first did to the node is seen by the second.
  bool meet() noexcept { return is_met.exchange(true, std::memory_order_acq_rel); }
};

/// On the stack of who serves.
class late_waiters {
 public:
  /// Under the lock: of a waiter that was unlinked and could not be claimed. It may be gone after.
  void meet(late_waiter& unserved) noexcept {
    if (unserved.meet()) {
      unserved.report = &count_;
      count_.fetch_add(1, std::memory_order_relaxed);  // they subtract after they had the lock
    }
  }

  /// Without the lock: until they have left the primitive.
  void await() noexcept {
    // Acquire pairs with the release in report_to().
    for (int spins = 0; count_.load(std::memory_order_acquire) != 0; ++spins) {
      spins < 100 ? cpu_relax() : std::this_thread::yield();
    }
  }

  /// The waiter's last act, with what `report` was under the lock.
  static void report_to(atomic<std::size_t>* report) noexcept {
    if (report) {
      report->fetch_sub(1, std::memory_order_release);
    }
  }

 private:
  atomic<std::size_t> count_{0};
};

}  // namespace weft::detail
