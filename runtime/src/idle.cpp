#include <algorithm>
#include <thread>
#include <utility>

#include "patrol.hpp"
#include "runtime_core.hpp"
#include "worker.hpp"

/// What a worker does when it has nothing to do: it lingers, then it sleeps, and one of those that
/// sleep keeps watch. docs/decisions/011-lingering.md has the figures.
namespace weft::detail {

namespace {

/// What it costs to sleep and be woken, so that lingering in vain costs no more than the mistake of
/// not lingering.
constexpr std::int64_t linger_ns = 20'000;

}  // namespace

bool worker::linger() noexcept {
  const std::int64_t begun = clock::now().time_since_epoch().count();
  do {
    // Whoever shares the processor may be the one to send the next event.
    std::this_thread::yield();
    poll(time_point::min());
    if (has_visible_work() || steal()) {
      return true;
    }
  } while (last_poll_ - begun < linger_ns);
  return false;
}

void worker::sleep(const std::atomic<bool>& done) noexcept {
  if (lingers_ && linger()) {
    return;
  }
  idle_workers& idle = core_.idle();
  was_idle_ = true;
  idle.enter(index_);
  core_.signal_if_drained();
  if (done.load(std::memory_order_seq_cst) || has_visible_work()) {
    idle.leave(index_);
    return;
  }
  worker_counters::count(counters_.sleeps);
  const std::int64_t asleep = last_poll_;
  watching_ = watching_ || (core_.worker_count() > 1 && idle.try_watch(index_));
  const std::int64_t next = timers_.next_deadline();
  time_point until =
      next == timer_wheel::no_deadline ? forever : time_point(std::chrono::nanoseconds(next));
  if (watching_) {
    until = std::min<time_point>(until, clock::now() + patrol::period);
  }
  const std::int64_t trim_at = time_to_trim();
  if (trim_at != timer_wheel::no_deadline) {
    until = std::min(until, time_point(std::chrono::nanoseconds(trim_at)));
  }
  const std::int64_t sweep_at = time_to_sweep();
  if (sweep_at != timer_wheel::no_deadline) {
    until = std::min(until, time_point(std::chrono::nanoseconds(sweep_at)));
  }
  if (core_.looks_for_deadlocks()) [[unlikely]] {
    rests_.fetch_add(1, std::memory_order_seq_cst);
  }
  poll(until);
  lingers_ = last_poll_ - asleep < linger_ns;
  drains_.store(drains_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  idle.leave(index_);
  if (last_poll_ >= trim_at && !has_local_work()) {
    trimmed_at_ = idle_since_;
    stacks_.trim(core_.stacks(), 0);
    core_.stacks().trim();
  }
  if (watching_) {
    keep_watch();
  }
}

std::int64_t worker::time_to_trim() noexcept {
  // Stacks that were free for so long give their pages back, once.
  constexpr std::int64_t decay_ns = 1'000'000'000;
  if (idle_since_ == 0) {
    idle_since_ = last_poll_;
    idle_passes_ = core_.sweeper().begun();
  }
  return idle_since_ == trimmed_at_ ? timer_wheel::no_deadline : idle_since_ + decay_ns;
}

std::int64_t worker::time_to_sweep() noexcept {
  // A pass to see who waits and one to find that they still do; then there is nothing left to
  // sweep.
  constexpr std::int32_t needed = 2;
  const stack_sweeper& sweeper = core_.sweeper();
  const auto since = static_cast<std::int32_t>(sweeper.ended() - idle_passes_);
  return since < needed ? sweeper.next_tick() : timer_wheel::no_deadline;
}

void worker::keep_watch() noexcept {
  // So long after the last fiber has run somewhere, the watch sleeps for good.
  constexpr unsigned quiet_limit = 20;
  idle_workers& idle = core_.idle();
  quiet_ticks_ = idle.awake() > 1 ? 0 : quiet_ticks_ + 1;  // this one counts as awake
  if (quiet_ticks_ >= quiet_limit) {
    quiet_ticks_ = 0;
    watching_ = !idle.retire_watch(index_);
  }
}

/// Before a fiber runs, wherever it came from: while this worker slept the watch may have retired.
void worker::see_to_watch() noexcept {
  const bool was_idle = std::exchange(was_idle_, false);
  if (watching_) [[unlikely]] {
    resign_watch();
  } else if (was_idle && core_.worker_count() > 1) {
    core_.idle().ensure_watch();
  }
}

void worker::resign_watch() noexcept {
  if (watching_) [[unlikely]] {
    watching_ = false;
    quiet_ticks_ = 0;
    core_.idle().resign_watch();
  }
}

}  // namespace weft::detail
