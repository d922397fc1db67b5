#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include <weft/runtime/clock.hpp>
#include <weft/runtime/driver.hpp>

#include "backlog.hpp"
#include "context.hpp"
#include "fiber.hpp"
#include "fiber_list.hpp"
#include "fiber_pool.hpp"
#include "run_queue.hpp"
#include "sanitizer.hpp"
#include "stack_pool.hpp"
#include "timer_wheel.hpp"

/// A thread's share of the scheduler.
///
/// Two kinds of context run on a worker's thread: fibers, and the *native* context, the thread's
/// own stack, which runs the loop in loop.cpp: take a fiber, run it, poll the driver, steal,
/// sleep. A fiber that leaves the processor switches straight to the next local one (switch.cpp)
/// and comes back to the native context only when there is none or a poll is due.
///
/// Who touches what: everything but the members marked shared belongs to the thread.
namespace weft::detail {

class patrol;
class runtime_core;

/// Counters of one worker; written by it alone, read by anyone.
struct worker_counters {
  std::atomic<std::uint64_t> spawned{0};
  std::atomic<std::uint64_t> finished{0};
  std::atomic<std::uint64_t> switches{0};
  std::atomic<std::uint64_t> polls{0};
  std::atomic<std::uint64_t> sleeps{0};
  std::atomic<std::uint64_t> steals{0};
  std::atomic<std::uint64_t> rescues{0};
  std::atomic<std::uint64_t> reaped{0};

  /// A plain increment: there is one writer. Release pairs with the acquire in live_fibers().
  static void count(std::atomic<std::uint64_t>& counter) noexcept {
    counter.store(counter.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  }
};

/// Operations that a fiber may complete without waiting before it must yield.
inline constexpr std::uint32_t fiber_budget = 128;
/// How long events, timers and the shared queue may wait while fibers run.
inline constexpr std::int64_t poll_period_ns = 500'000;

class worker {
 public:
  worker(runtime_core& owner, unsigned index, std::unique_ptr<driver> sleeps_in, bool shared);
  ~worker();
  worker(const worker&) = delete;
  worker& operator=(const worker&) = delete;

  /// The worker whose thread this is, or null. Out of line: a fiber may change threads at any
  /// suspension, and a compiler that inlined this could keep the old thread's variable's address.
  WEFT_NOINLINE static worker* current() noexcept;
  /// The fiber that runs here; null in the native context.
  fiber* running() const noexcept { return current_; }
  /// Whether an errand runs here, on no fiber's behalf, even if it is on a fiber's stack.
  bool is_on_errand() const noexcept { return on_errand_; }
  void set_on_errand(bool is) noexcept { on_errand_ = is; }

  runtime_core& core() const noexcept { return core_; }
  unsigned index() const noexcept { return index_; }
  driver& events() const noexcept { return *driver_; }
  timer_wheel& timers() noexcept { return timers_; }
  const timer_wheel& timers() const noexcept { return timers_; }
  /// Whether a thread is in run(): worker 0 may be without one.
  bool is_in_loop() const noexcept { return in_loop_.load(std::memory_order_relaxed); }
  worker_counters& counters() noexcept { return counters_; }
  const worker_counters& counters() const noexcept { return counters_; }

  /// Runs the loop on the calling thread, which becomes this worker, until `done` is true.
  /// Whoever sets it must call wake() afterwards.
  void run(const std::atomic<bool>& done) noexcept;

  /// Makes the worker look for work before it sleeps again. Any thread.
  void wake() noexcept {
    // Release pairs with rest() and acknowledge(): why it is woken was published before.
    wakes_.fetch_add(1, std::memory_order_release);
    driver_->wake();
  }

  /// For the deadlock monitor: nothing while the worker is up, or has been woken and is not up yet;
  /// else a number that is another after it was.
  std::optional<std::uint64_t> rest() const noexcept;

  // From the fiber that runs here; each returns when it runs again, maybe on another worker.
  void park_current() noexcept;
  void yield_current() noexcept;
  /// yield_current() of a fiber that ran for long: events and timers come first.
  void yield_to_events() noexcept {
    ticks_ = poll_interval_;
    yield_current();
  }
  /// yield_current() of a fiber that was served at once where most would have waited: it runs again
  /// when it would have if it had, behind all that is ready here or, if nothing is, behind events.
  void yield_as_if_woken() noexcept {
    if (!has_local_work()) {
      make_poll_due();
    }
    yield_current();
  }
  /// False if the fiber has yielded: then it may run on another worker now.
  bool consume_budget() noexcept {
    if (--budget_ == 0) [[unlikely]] {
      yield_spent();
      return false;
    }
    return true;
  }
  /// When the running fiber was switched in; the clock is read at the first question.
  bool slice_is_over() noexcept;

  // On this worker's thread, from fibers and the native context.
  void push_woken(fiber* f) noexcept;
  void push_new(fiber* f) noexcept { push_back(f); }
  fiber* new_block();
  void recycle_block(fiber* f) noexcept;
  std::uint64_t next_fiber_id() noexcept;

  /// Shared: gives the worker a fiber that must run here.
  void push_remote(fiber* f) noexcept;

 private:
  friend class patrol;
  friend void fiber_entry(void*) noexcept;

  struct departure {
    fiber* left = nullptr;  // a fiber that will be resumed, or
    stack* dead = nullptr;  // a stack that holds nothing any more, or neither: the native context
  };

  // loop.cpp
  void attach_thread() noexcept;
  void detach_thread() noexcept;
  fiber* next_for_loop() noexcept;
  void poll(time_point until) noexcept;
  void fire_timers(worker& of) noexcept;
  void acknowledge() noexcept;
  bool has_visible_work() const noexcept;
  void take_shared_work() noexcept;
  void tune_poll_interval(std::int64_t now) noexcept;
  /// There is one before another fiber runs.
  void make_poll_due() noexcept { poll_interval_ = std::min(poll_interval_, ticks_); }
  bool has_local_work() const noexcept {
    return next_slot_.load(std::memory_order_relaxed) || !queue_.empty() || !mine_.empty() ||
           !spilled_.empty();
  }

  // steal.cpp; both tell whether there is local work now
  bool steal() noexcept;
  bool take_from(worker& victim) noexcept;

  // idle.cpp
  bool linger() noexcept;  // whether something came
  void sleep(const std::atomic<bool>& done) noexcept;
  void keep_watch() noexcept;
  void resign_watch() noexcept;
  void see_to_watch() noexcept;
  std::int64_t time_to_trim() noexcept;
  std::int64_t time_to_sweep() noexcept;

  // switch.cpp
  void run_fiber(fiber* f) noexcept;
  void leave_current(fiber& self) noexcept;
  void yield_running(fiber& self) noexcept;
  void yield_spent() noexcept;
  fiber* pick_direct() noexcept;
  fiber* pick_local() noexcept;
  bool take_slot(fiber* f) noexcept;
  void prefetch_ahead() const noexcept;
  context enter(fiber& next) noexcept;
  void bind_stack(fiber& f) noexcept;
  void save_exceptions(fiber& f) noexcept;
  void arrive(sanitizer_stack& own) noexcept;
  void leave_for_good(stack* dead, fiber* next) noexcept;  // returns on Windows: see context.hpp
  void announce(sanitizer_stack& own, bool final, const fiber* next) noexcept;

  /// Behind all that is ready here: the ring, and what did not fit the ring.
  void push_back(fiber* f) noexcept {
    if (!stays_here(*f) && spilled_.empty() && queue_.push(f)) [[likely]] {
      return;
    }
    push_elsewhere(f);
  }
  void push_elsewhere(fiber* f) noexcept;
  fiber* pop_spilled() noexcept;
  /// Whether thieves must not see the fiber.
  bool stays_here(const fiber& f) const noexcept { return f.pinned && f.sp && stealing_; }

  /// A queue with less is left to its owner, who will be there sooner.
  static constexpr std::uint32_t least_worth_stealing = 2;

  runtime_core& core_;
  const unsigned index_;
  const bool stealing_;  // fibers may migrate, and there is someone to take them
  const std::unique_ptr<driver> driver_;

  fiber* current_ = nullptr;
  std::uint32_t budget_ = 0;
  std::uint32_t ticks_ = 0;           // switches since the last poll
  std::uint32_t poll_interval_ = 64;  // ... after which a poll is due; see tune_poll_interval()
  std::uint32_t slot_streak_ = 0;     // fibers run from the slot in a row
  bool lingers_ = true;  // before it sleeps: the last sleep was so short that lingering had paid
  bool slice_started_ = false;
  bool on_errand_ = false;
  std::int64_t slice_start_ = 0;
  std::int64_t last_poll_ = 0;
  std::int64_t idle_since_ = 0;    // when the last fiber ran out; 0: one has run since
  std::int64_t trimmed_at_ = 0;    // the idle_since_ for which stacks were given back
  std::uint32_t idle_passes_ = 0;  // that the sweeper had begun at idle_since_
  departure departed_;
  context native_ = nullptr;
  exception_state native_exceptions_;
  std::uint32_t native_floating_point_ = 0;  // what every new fiber starts with
  exception_state* exceptions_ = nullptr;    // the thread's
  fiber* deferred_ = nullptr;  // taken off a queue before its last worker had left its stack
  fiber_list mine_;            // pinned fibers that are ready; thieves must not see them
  fiber_cache blocks_;
  stack_cache stacks_;
  void* native_sanitizer_fiber_ = nullptr;
  const void* native_bottom_ = nullptr;  // for AddressSanitizer, learnt at the first switch away
  std::size_t native_size_ = 0;
  std::uint64_t next_id_ = 0;
  std::uint64_t ids_end_ = 0;
  std::uint32_t random_;
  backlog backlog_;
  bool watching_ = false;     // this worker is the watch; see idle_workers.hpp
  bool was_idle_ = true;      // it has run no fiber since it slept or began
  unsigned quiet_ticks_ = 0;  // of the watch: looks in a row that found everyone asleep

  // Shared.
  run_queue queue_;
  shared_fiber_queue spilled_;              // ready, all younger than what is in the ring
  std::atomic<fiber*> next_slot_{nullptr};  // set by the owner, taken by the owner or a rescuer
  shared_fiber_queue inbox_;                // pinned fibers, from other threads
  timer_wheel timers_;
  std::atomic<bool> in_loop_{false};
  std::atomic<std::uint32_t> loops_{0};  // passes of the loop: stands still while a fiber computes
  std::atomic<std::uint32_t> drains_{
      0};  // times the ring was found empty, or the worker woke up: stands still in backlog
  worker_counters counters_;
  std::atomic<std::uint64_t> wakes_{0};  // calls of wake()
  std::atomic<std::uint64_t> heard_{0};  // those that the last poll has seen
  std::atomic<std::uint64_t> rests_{0};  // odd while it sleeps; only if deadlocks are looked for
};

}  // namespace weft::detail
