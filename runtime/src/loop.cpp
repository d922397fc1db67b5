#include <algorithm>
#include <array>
#include <utility>

#include <weft/runtime/detail/compiler.hpp>
#include <weft/runtime/detail/errand.hpp>

#include "fiber_life.hpp"
#include "overflow.hpp"
#include "patrol.hpp"
#include "runtime_core.hpp"
#include "worker.hpp"
#include "worker_pick.hpp"

/// The native context: what a worker does between fibers. See worker.hpp and idle_workers.hpp.
namespace weft::detail {

namespace {

thread_local worker* this_worker = nullptr;

}  // namespace

worker* worker::current() noexcept {
  be_impure();
  return this_worker;
}

worker::worker(runtime_core& owner, unsigned index, std::unique_ptr<driver> sleeps_in, bool shared)
    : core_(owner),
      index_(index),
      stealing_(shared),
      driver_(std::move(sleeps_in)),
      random_(0x9e3779b9U * (index + 1)),
      queue_(shared),
      timers_(clock::now().time_since_epoch().count()) {}

worker::~worker() = default;

void worker::run(const std::atomic<bool>& done) noexcept {
  const overflow_guard overflows;
  native_context native;
  native_ = native.own();
  attach_thread();
  while (!done.load(std::memory_order_acquire)) {
    if (fiber* f = next_for_loop()) {
      see_to_watch();
      idle_since_ = 0;
      run_fiber(f);
    } else {
      sleep(done);
    }
  }
  detach_thread();
}

void worker::attach_thread() noexcept {
  this_worker = this;
  was_idle_ = true;
  backlog_.start(core_.worker_count());
  exceptions_ = thread_exception_state();
  native_floating_point_ = floating_point_control();
  native_sanitizer_fiber_ = sanitizer_current_fiber();
  in_loop_.store(true, std::memory_order_relaxed);
  core_.idle().arrive();
}

void worker::detach_thread() noexcept {
  resign_watch();
  core_.idle().depart();
  if (!core_.shared_queue().empty()) {  // by whoever found this worker awake, and woke none
    core_.idle().shared_work_arrived();
  }
  in_loop_.store(false, std::memory_order_relaxed);
  stacks_.trim(core_.stacks(), 0);
  this_worker = nullptr;
}

namespace {

/// Waits until the fiber's last worker has left its stack. It is between publishing the wait and
/// the switch: a few instructions, unless the system has just taken its processor away. Or until
/// the sweeper has discarded what the stack does not use.
fiber* settled(fiber* f) noexcept {
  for (int spins = 0; f->on_cpu.load(std::memory_order_acquire); ++spins) {
    spins < 100 ? cpu_relax() : std::this_thread::yield();
  }
  return f;
}

}  // namespace

fiber* worker::next_for_loop() noexcept {
  loops_.store(loops_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  if (ticks_ >= poll_interval_) {
    poll(time_point::min());
    take_shared_work();
  }
  if (fiber* f = std::exchange(deferred_, nullptr)) {
    return settled(f);
  }
  if (fiber* f = pick_local()) {
    return settled(f);
  }
  drains_.store(drains_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  take_shared_work();
  if (fiber* f = pick_local()) {
    return settled(f);
  }
  if (steal()) {
    // Nothing, if another thief has taken it from here already.
    if (fiber* f = pick_local()) {
      return settled(f);
    }
  }
  return nullptr;
}

void worker::poll(time_point until) noexcept {
  worker_counters::count(counters_.polls);
  driver_->poll(until);
  if (core_.looks_for_deadlocks()) [[unlikely]] {
    acknowledge();
  }
  run_errand_if_left();
  const std::int64_t now = clock::now().time_since_epoch().count();
  if (timers_.next_deadline() <= now) {
    fire_timers(*this);
  }
  tune_poll_interval(now);
  if (core_.worker_count() > 1) {
    core_.patrols().tick(*this, now);
  }
  core_.sweeper().tick(now);
}

/// Before anything that the sleep has ended for is done: seq_cst, pairs with rest().
void worker::acknowledge() noexcept {
  if (rests_.load(std::memory_order_relaxed) % 2 != 0) {
    rests_.fetch_add(1, std::memory_order_seq_cst);
  }
  heard_.store(wakes_.load(std::memory_order_acquire), std::memory_order_release);
}

std::optional<std::uint64_t> worker::rest() const noexcept {
  const std::uint64_t heard = heard_.load(std::memory_order_acquire);
  const std::uint64_t rests = rests_.load(std::memory_order_seq_cst);
  const bool sleeps = rests % 2 != 0 && wakes_.load(std::memory_order_acquire) == heard;
  return sleeps ? std::optional(rests) : std::nullopt;
}

void worker::tune_poll_interval(std::int64_t now) noexcept {
  // Fibers run in the order in which they became ready, so events that are fetched early gain
  // nothing while others are queued, but timers and the shared queue do.
  constexpr std::uint32_t least = 1;
  constexpr std::uint32_t most = 256;
  const std::int64_t elapsed = now - std::exchange(last_poll_, now);
  const std::uint32_t ran = std::exchange(ticks_, 0);
  if (ran > 0 && elapsed > 0) {
    const auto fitting = static_cast<std::uint32_t>(
        std::clamp<std::int64_t>(poll_period_ns * ran / elapsed, least, most));
    poll_interval_ = (poll_interval_ * 3 + fitting) / 4;
  }
}

void worker::fire_timers(worker& of) noexcept {
  std::array<timer_node*, 32> due;
  const std::int64_t now = clock::now().time_since_epoch().count();
  do {
    const std::size_t count = of.timers_.collect(now, due);
    for (timer_node* node : std::span(due).first(count)) {
      static_cast<fiber_timer*>(node)->went_off(timers_, now);
    }
  } while (of.timers_.next_deadline() <= now);
}

void worker::take_shared_work() noexcept {
  fiber_list taken;
  inbox_.pop(run_queue::capacity / 2, taken);
  // A fair share, and never more than fits a ring that is empty or nearly so.
  const std::size_t shared = core_.shared_queue().size();
  const std::size_t share = std::min<std::size_t>(shared / core_.worker_count() + 1, 64);
  if (shared != 0) {
    core_.shared_queue().pop(share, taken);
  }
  while (fiber* f = taken.pop_front()) {
    push_back(f);
  }
}

bool worker::has_visible_work() const noexcept {
  return has_local_work() || !inbox_.empty() || !core_.shared_queue().empty();
}

void worker::push_woken(fiber* f) noexcept {
  // The slot is for what a fiber wakes, and for the first only, so that several run in order.
  if (current_ && !next_slot_.load(std::memory_order_relaxed) && !stays_here(*f)) {
    next_slot_.store(f, std::memory_order_release);
    return;
  }
  push_back(f);
}

void worker::push_elsewhere(fiber* f) noexcept {
  if (stays_here(*f)) {
    mine_.push_back(f);
    return;
  }
  spilled_.push(f);
}

fiber* worker::pop_spilled() noexcept {
  fiber_list oldest;
  spilled_.pop(run_queue::capacity / 2, oldest);
  fiber* first = oldest.pop_front();
  while (fiber* f = oldest.pop_front()) {
    queue_.push(f);  // has room: it was empty
  }
  return first;
}

void worker::push_remote(fiber* f) noexcept {
  inbox_.push(f);
  core_.idle().work_arrived_for(index_);
}

bool worker::slice_is_over() noexcept {
  constexpr std::int64_t slice_ns = 2'000'000;
  const std::int64_t now = clock::now().time_since_epoch().count();
  if (!std::exchange(slice_started_, true)) {
    slice_start_ = now;
    return false;
  }
  return now - slice_start_ >= slice_ns;
}

fiber* worker::new_block() {
  return blocks_.pop(core_.fibers());
}

void worker::recycle_block(fiber* f) noexcept {
  blocks_.push(core_.fibers(), f);
  worker_counters::count(counters_.reaped);
}

std::uint64_t worker::next_fiber_id() noexcept {
  constexpr std::uint64_t batch = 1024;
  if (next_id_ == ids_end_) {
    next_id_ = core_.take_ids(batch);
    ids_end_ = next_id_ + batch;
  }
  return next_id_++;
}

}  // namespace weft::detail
