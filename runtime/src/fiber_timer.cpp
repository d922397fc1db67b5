#include "fiber_timer.hpp"

#include <algorithm>
#include <mutex>

#include "fiber.hpp"
#include "runtime_core.hpp"
#include "wait_word.hpp"
#include "wake_list.hpp"
#include "worker.hpp"

namespace weft::detail {

void fiber_timer::arm(std::int64_t deadline) noexcept {
  const std::lock_guard hold(owner_.timer_lock);
  if (armed_for_.load(std::memory_order_relaxed) > deadline) {
    timer_wheel::disarm(*this);
    armed_for_.store(deadline, std::memory_order_relaxed);
    owner_.home->timers().arm(*this, deadline);
  }
}

void fiber_timer::disarm_left_over() noexcept {
  const std::lock_guard hold(owner_.timer_lock);
  timer_wheel::disarm(*this);
  armed_for_.store(never, std::memory_order_relaxed);
}

/// True: the wait was ended by this call. Otherwise `nearest` is when it must be, if at all.
bool fiber_timer::end_wait(std::int64_t now, std::int64_t& nearest) noexcept {
  for (;;) {
    // In this order: a deadline that is read after a word which says that a wait is open belongs to
    // that wait or a later one, and if to a later one, the claim fails. And where the word says
    // that none is open yet, the fiber will look at armed_for_ after it has opened one.
    const std::uint64_t word = wait_word::load(owner_);
    nearest = wait_deadline_.load(std::memory_order_seq_cst);
    if (nearest > now) {
      return false;
    }
    nearest = never;
    if (!wait_word::is_waiting(wait_word::state_of(word))) {
      return false;
    }
    if (wait_word::claim({&owner_, wait_word::generation_of(word)}, wait_state::timed_out)) {
      return true;
    }
  }
}

void fiber_timer::went_off(timer_wheel& wheel, std::int64_t now) noexcept {
  wake_list woken;
  {
    const std::lock_guard hold(owner_.timer_lock);
    timer_wheel::disarm(*this);  // the fiber may have armed it since it was collected
    armed_for_.store(looking, std::memory_order_seq_cst);
    std::int64_t nearest = never;
    if (end_wait(now, nearest)) {
      woken.add(owner_);
    }
    nearest = std::min(nearest, owner_.root.expire_entered(now, woken));
    if (nearest != never) {
      wheel.arm(*this, nearest);
    }
    armed_for_.store(nearest, std::memory_order_relaxed);
  }
  woken.make_runnable();
}

}  // namespace weft::detail
