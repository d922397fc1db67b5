#include "runtime_core.hpp"

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <utility>

#include "cpu_count.hpp"
#include "fatal.hpp"
#include "futex_driver.hpp"
#include "overflow.hpp"
#include "thread_wait.hpp"
#include "wait_records.hpp"
#include "wait_word.hpp"

namespace weft::detail {

namespace {

unsigned checked_worker_count(unsigned asked) {
  if (asked > idle_workers::max_workers) {
    throw std::invalid_argument("weft: runtime_options::workers is above 256");
  }
  return asked != 0 ? asked : std::min(usable_cpus(), idle_workers::max_workers);
}

const blocking_pool_options& checked(const blocking_pool_options& pool) {
  if (pool.max_threads == 0) {
    throw std::invalid_argument("weft: blocking_pool_options::max_threads is 0");
  }
  if (pool.min_threads > pool.max_threads) {
    throw std::invalid_argument("weft: blocking_pool_options::min_threads is above max_threads");
  }
  return pool;
}

bool describe_running_fiber(fiber_brief& brief) noexcept {
  worker* here = worker::current();
  fiber* f = here ? here->running() : nullptr;
  if (!f) {
    return false;
  }
  brief.name = f->extras ? f->extras->name.c_str() : nullptr;
  brief.id = f->id;
  const std::source_location site = f->site;
  brief.file = site.file_name();
  brief.line = static_cast<unsigned>(site.line());
  brief.bottom = f->running_stack->bottom;
  brief.top = f->running_stack->top;
  brief.stack_size = f->running_stack->size();
  return true;
}

constexpr std::size_t least_stack = std::size_t{16} * 1024;

stack_pool_options stack_options(const runtime_options& options) {
  if (options.stack_size > largest_stack) {
    throw std::invalid_argument("weft: runtime_options::stack_size is above 1 TiB");
  }
  stack_pool_options chosen;
  chosen.default_size = std::max(options.stack_size, least_stack);
  return chosen;
}

}  // namespace

runtime_core::runtime_core(runtime_options& options, runtime& face)
    : face_(face),
      pinned_(options.mode == scheduling::pinned),
      caller_is_worker_(!options.background),
      deadlocks_(chosen_watch(options.deadlocks)),
      stacks_(stack_options(options)),
      blocking_(std::make_shared<blocking_pool>(checked(options.blocking))) {
  set_fiber_describer(&describe_running_fiber);
  if (looks_for_deadlocks()) {
    begin_to_keep_facts();
  }
  const unsigned count = checked_worker_count(options.workers);
  workers_.reserve(count);
  for (unsigned i = 0; i < count; ++i) {
    std::unique_ptr<driver> made =
        options.drivers ? options.drivers(i) : std::make_unique<futex_driver>();
    workers_.push_back(std::make_unique<worker>(*this, i, std::move(made), count > 1 && !pinned_));
  }
  patrol_.start();
  if (looks_for_deadlocks()) {
    enlistment_.emplace(*this, deadlocks_);
  }
  try {
    for (unsigned i = caller_is_worker_ ? 1 : 0; i < count; ++i) {
      threads_.emplace_back([this, i] { workers_[i]->run(stopped_); });
    }
  } catch (const std::system_error& refused) {
    end_threads();
    throw std::system_error(refused.code(), "weft: not all workers' threads can be started");
  } catch (...) {
    end_threads();
    throw;
  }
}

runtime_core::~runtime_core() {
  while (visitors_.load(std::memory_order_acquire) != 0) {  // pairs with the release in ~visit()
    std::this_thread::yield();
  }
  std::uint64_t created = spawned_outside_.load(std::memory_order_relaxed);
  std::uint64_t reaped = reaped_outside_.load(std::memory_order_relaxed);
  for (const auto& w : workers_) {
    created += w->counters().spawned.load(std::memory_order_relaxed);
    reaped += w->counters().reaped.load(std::memory_order_relaxed);
  }
  if (created != reaped) {
    fatal("a runtime is destroyed while %llu join handles of its fibers still exist",
          static_cast<unsigned long long>(created - reaped));
  }
}

void runtime_core::schedule(fiber* f) noexcept {
  worker* here = worker::current();
  if (!here || &here->core() != this) {
    schedule_from_outside(f);
  } else if (f->home != here && stays_home(*f)) {
    f->home->push_remote(f);
  } else {
    here->push_woken(f);
  }
}

void runtime_core::schedule_from_outside(fiber* f) noexcept {
  // Once it is queued the fiber may run, and be the last one that the runtime waited for.
  const visit inside(*this);
  if (stays_home(*f)) {
    f->home->push_remote(f);
  } else {
    shared_queue_.push(f);
    idle_.shared_work_arrived();
  }
}

bool runtime_core::stays_home(const fiber& f) const noexcept {
  return f.pinned && (pinned_ || f.sp);
}

worker& runtime_core::place_pinned() noexcept {
  return *workers_[next_home_.fetch_add(1, std::memory_order_relaxed) % workers_.size()];
}

void runtime_core::count_spawned(worker* here) noexcept {
  if (here) {
    worker_counters::count(here->counters().spawned);
  } else {
    spawned_outside_.fetch_add(1, std::memory_order_seq_cst);  // see is_closed()
  }
}

void runtime_core::signal_if_drained() noexcept {
  if (is_stopping() && live_fibers() == 0) {
    signal(drained_);
  }
}

std::uint64_t runtime_core::live_fibers() const noexcept {
  // Finished first: both only grow, so a sum of zero was true when the first loop ended. Acquire
  // pairs with the release in worker_counters::count(): a fiber's children are counted before it.
  std::uint64_t finished = discarded_.load(std::memory_order_seq_cst);
  for (const auto& w : workers_) {
    finished += w->counters().finished.load(std::memory_order_acquire);
  }
  std::uint64_t spawned = spawned_outside_.load(std::memory_order_seq_cst);
  for (const auto& w : workers_) {
    spawned += w->counters().spawned.load(std::memory_order_acquire);
  }
  return spawned - finished;
}

runtime_core::turn::turn(runtime_core& core) noexcept : core_(core) {
  if (core.caller_is_worker_ && core.driven_.exchange(true, std::memory_order_acquire)) {
    fatal("two threads call runtime::run() at once: that needs runtime_options::background");
  }
}

runtime_core::turn::~turn() {
  if (core_.caller_is_worker_) {
    core_.driven_.store(false, std::memory_order_release);
  }
}

void runtime_core::wait_until(const turn&, const std::atomic<bool>& done) noexcept {
  if (caller_is_worker_) {
    workers_[0]->run(done);
    return;
  }
  for (;;) {
    const std::uint32_t seen = signal_word_.load(std::memory_order_acquire);
    if (done.load(std::memory_order_acquire)) {
      return;
    }
    std::optional<resting_thread> known;
    if (looks_for_deadlocks()) {
      known.emplace(signal_word_, seen);
    }
    wait_on_word(signal_word_, seen, forever);
  }
}

void runtime_core::signal(std::atomic<bool>& done) noexcept {
  // The waiter may leave, and `done` with it, as soon as it is true.
  done.store(true, std::memory_order_seq_cst);
  if (caller_is_worker_) {
    workers_[0]->wake();
  } else {
    signal_word_.fetch_add(1, std::memory_order_release);
    wake_word_all(signal_word_);
  }
}

void runtime_core::shutdown() noexcept {
  if (std::exchange(shut_down_, true)) {
    return;
  }
  if (worker::current()) {
    fatal("a runtime cannot be shut down or destroyed by a fiber: it would wait for itself");
  }
  stopping_.store(true, std::memory_order_seq_cst);
  cancel_all_fibers();
  // Whoever finishes the last fiber may not have seen the stop yet, so every worker looks before it
  // sleeps, and those that sleep already are woken for it.
  for (const auto& w : workers_) {
    w->wake();
  }
  if (live_fibers() != 0) {
    wait_until(turn(*this), drained_);
  }
  closed_.store(true, std::memory_order_seq_cst);
  await_last_outsiders();
  blocking_->stop();
  end_threads();
}

/// Waits for the fibers that outsiders have counted before they could see that it is closed.
void runtime_core::await_last_outsiders() noexcept {
  while (live_fibers() != 0) {
    // Whoever has set it before will not again: so there is one more look after that. An exchange,
    // to see then what was seen there.
    drained_.exchange(false, std::memory_order_seq_cst);
    if (live_fibers() != 0) {
      wait_until(turn(*this), drained_);
    }
  }
}

void runtime_core::end_threads() noexcept {
  stopped_.store(true, std::memory_order_seq_cst);
  for (const auto& w : workers_) {
    w->wake();
  }
  for (std::thread& t : threads_) {
    t.join();
  }
}

void runtime_core::cancel_all_fibers() noexcept {
  // One pass is enough: a wait that is opened after stopping_ was set fails by itself.
  fibers_.for_each([this](fiber& f) {
    if (wait_word::claim_canceled(f, true)) {
      schedule(&f);
    }
  });
}

}  // namespace weft::detail
