#include <weft/sync/graceful_shutdown.hpp>

/// State: `triggered` and the number of pieces of work. The trigger counts as one until it has told
/// everyone, so that who takes the number to zero after it, once, sets `drained_`, and that is the
/// last access of anyone: who waits for it may destroy all this.
namespace weft {

void graceful_shutdown::trigger(const char* reason) noexcept {
  const char* none = nullptr;
  // Before the state, so that whoever sees the trigger sees a reason. Release pairs with reason().
  reason_.compare_exchange_strong(none, reason, std::memory_order_acq_rel,
                                  std::memory_order_acquire);
  std::uint64_t seen = state_.load(std::memory_order_relaxed);
  do {
    if (seen & triggered) {
      return;
    }
    // Release pairs with the acquire in requested().
  } while (!state_.compare_exchange_weak(seen, (seen | triggered) + one, std::memory_order_acq_rel,
                                         std::memory_order_relaxed));
  requested_.set();
  end_work();
}

result<graceful_shutdown::work> graceful_shutdown::begin_work() noexcept {
  // Acquire, so that who is refused sees the reason.
  std::uint64_t seen = state_.load(std::memory_order_acquire);
  do {
    if (seen & triggered) {
      return fail(errc::shutting_down);
    }
  } while (!state_.compare_exchange_weak(seen, seen + one, std::memory_order_acquire));
  return work(*this);
}

void graceful_shutdown::end_work() noexcept {
  // acq_rel: each end pairs with the last one, which hands on to the waiters what all have done.
  if (state_.fetch_sub(one, std::memory_order_acq_rel) == (triggered | one)) {
    drained_.set();
  }
}

}  // namespace weft
