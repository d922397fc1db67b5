#include <thread>
#include <utility>

#include <weft/runtime/detail/compiler.hpp>
#include <weft/runtime/yield.hpp>

#include "fatal.hpp"
#include "fiber_life.hpp"
#include "held_locks.hpp"
#include "runtime_core.hpp"
#include "stack_context.hpp"
#include "worker.hpp"
#include "worker_pick.hpp"

/// How execution moves between fibers and the native context.
///
/// Every switch follows one script: the leaver describes itself in departed_, enter() prepares the
/// successor, the registers change, and the successor's first act, arrive(), completes the leaver's
/// departure: stores where it was suspended and only then lets other workers have it (on_cpu), or
/// recycles the stack of one that is dead. Until arrive() nobody may resume or reuse what was left.
///
/// A stack outlives its fiber: when a fiber ends and the next one has never run, the loop in
/// fiber_entry() runs it on the spot, without a switch and on pages that are hot.
namespace weft::detail {

void fiber_entry(void* arrived_on) noexcept;

void worker::bind_stack(fiber& f) noexcept {
  stack_pool& pool = core_.stacks();
  stack* bound = f.stack_kilobytes == 0 ? stacks_.pop(pool)
                                        : pool.acquire(std::size_t{f.stack_kilobytes} * 1024);
  const context start = bound ? start_context<&fiber_entry>(*bound) : nullptr;
  if (!start) {
    fatal(
        "no memory for the stack of fiber %llu (%llu live fibers): raise the limit on address "
        "space or vm.max_map_count, or spawn fewer",
        static_cast<unsigned long long>(f.id),
        static_cast<unsigned long long>(core_.live_fibers()));
  }
  if (!bound->sanitizer_fiber) {
    bound->sanitizer_fiber = sanitizer_make_fiber();
  }
  f.running_stack = bound;
  f.sp = start;
}

inline void worker::save_exceptions(fiber& f) noexcept {
  f.caught_exceptions = exceptions_->caught;
  f.uncaught_exceptions = static_cast<std::uint16_t>(exceptions_->uncaught);
}

inline void worker::announce([[maybe_unused]] sanitizer_stack& own, [[maybe_unused]] bool final,
                             [[maybe_unused]] const fiber* next) noexcept {
  if (next) {
    const stack& to = *next->running_stack;
    leaving_stack(own, final, to.bottom, static_cast<std::size_t>(to.top - to.bottom),
                  to.sanitizer_fiber);
  } else {
    leaving_stack(own, final, native_bottom_, native_size_, native_sanitizer_fiber_);
  }
}

inline fiber* worker::pick_direct() noexcept {
  if (deferred_ || ticks_ >= poll_interval_) {
    return nullptr;
  }
  fiber* next = pick_local();
  // One that another worker is still leaving: only the loop may wait for that.
  if (next && next != current_ && next->on_cpu.load(std::memory_order_acquire)) {
    deferred_ = next;
    return nullptr;
  }
  return next;
}

/// Warms the cache for the fibers that run next. With a thousand of them in turn each finds its
/// stack and control block gone cold, which costs a quarter of the time between two system calls.
/// A thief may have taken them meanwhile, and then what is prefetched is useless, no more.
WEFT_RACY_GUESS inline void worker::prefetch_ahead() const noexcept {
  const fiber* const second = queue_.peek(1);
  if (!second) {
    return;
  }
  constexpr std::size_t block_lines = sizeof(fiber) / cache_line;
  for (std::size_t line = 0; line < block_lines; ++line) {
    prefetch_to_read(reinterpret_cast<const std::byte*>(second) + line * cache_line);
  }
  const fiber* const first = queue_.peek(0);
  if (!first || first->on_cpu.load(std::memory_order_acquire)) {
    return;
  }
  if (const auto* const frames = static_cast<const std::byte*>(first->sp)) {
    constexpr std::size_t stack_lines = 10;  // the frames of a typical wait
    for (std::size_t line = 0; line < stack_lines; ++line) {
      prefetch_to_read(frames + line * cache_line);
    }
  }
}

inline context worker::enter(fiber& next) noexcept {
  prefetch_ahead();
  if (!next.sp) {
    bind_stack(next);
  }
  next.on_cpu.store(true, std::memory_order_relaxed);
  next.home = this;
  current_ = &next;
  budget_ = fiber_budget;
  slice_started_ = false;
  ++ticks_;
  exceptions_->caught = next.caught_exceptions;
  exceptions_->uncaught = next.uncaught_exceptions;
  worker_counters::count(counters_.switches);
  return next.sp;
}

inline void worker::arrive(sanitizer_stack& own) noexcept {
  const void* left_bottom = nullptr;
  std::size_t left_size = 0;
  arrived_on_stack(own, &left_bottom, &left_size);
  if (fiber* left = departed_.left) {
    // Release: whoever takes the fiber from a queue must see its stack as it was left.
    left->on_cpu.store(false, std::memory_order_release);
  } else if (stack* dead = departed_.dead) {
    if (core_.stacks().is_default(*dead)) {
      stacks_.push(core_.stacks(), dead);
    } else {
      core_.stacks().release(dead);
    }
  } else if (left_bottom) {
    native_bottom_ = left_bottom;
    native_size_ = left_size;
  }
}

inline void worker::leave_current(fiber& self) noexcept {
  fiber* next = pick_direct();
  if (next == &self) {
    return;
  }
  save_exceptions(self);
  departed_ = {.left = &self, .dead = nullptr};
  const context to = next ? enter(*next) : native_;
  if (!next) {
    current_ = nullptr;
  }
  sanitizer_stack own;
  announce(own, false, next);
  auto* here = static_cast<worker*>(switch_context(self.sp, to, this));
  here->arrive(own);
}

WEFT_NO_FAKE_STACK void worker::leave_for_good(stack* dead, fiber* next) noexcept {
  departed_ = {.left = nullptr, .dead = dead};
  const context to = next ? enter(*next) : native_;
  sanitizer_stack none;
  announce(none, true, next);
  context never_resumed = nullptr;
  switch_context(never_resumed, to, this);
  if constexpr (!dead_contexts_return) {
    std::unreachable();
  }
}

void fiber_entry(void* arrived_on) noexcept {
  worker* here = static_cast<worker*>(arrived_on);
  sanitizer_stack fresh;
  here->arrive(fresh);
  stack* const mine = here->current_->running_stack;
  const context started = here->current_->sp;
  const bool reusable = here->core().stacks().is_default(*mine);
  for (;;) {
    fiber* const self = here->current_;
    if (floating_point_control() != here->native_floating_point_) [[unlikely]] {
      set_floating_point_control(here->native_floating_point_);
    }
    self->ops->run(task_of(self));
    const join_state seen = prepare_finish(*self);
    here = worker::current();  // the fiber may have ended on another thread
    here->current_ = nullptr;
    finish_fiber(*self, seen, *here);
    fiber* next = here->pick_direct();
    if (reusable && next && !next->sp && next->stack_kilobytes == 0) {
      next->running_stack = mine;
      next->sp = started;  // no context to resume, but no longer new
      here->enter(*next);
      continue;
    }
    here->leave_for_good(mine, next);
    return;
  }
}

void worker::run_fiber(fiber* f) noexcept {
  departed_ = {};
  native_exceptions_ = *exceptions_;
  const context to = enter(*f);
  sanitizer_stack own;
  announce(own, false, f);
  switch_context(native_, to, this);
  arrive(own);
  *exceptions_ = native_exceptions_;
}

void worker::park_current() noexcept {
  leave_current(*current_);
}

inline void worker::yield_running(fiber& self) noexcept {
  check_held_locks(self);
  budget_ = fiber_budget;
  slice_started_ = false;
  if (ticks_ < poll_interval_ && !has_local_work()) {
    ++ticks_;
    return;
  }
  push_back(&self);
  leave_current(self);
}

void worker::yield_current() noexcept {
  yield_running(*current_);
}

void worker::yield_spent() noexcept {
  // The interval counts turns, and those of other fibers may have been a thousand times as short as
  // a budget of slow calls.
  if (clock::now().time_since_epoch().count() - last_poll_ >= poll_period_ns) {
    make_poll_due();
  }
  yield_running(*current_);
}

}  // namespace weft::detail

namespace weft {

void yield() noexcept {
  detail::worker* here = detail::worker::current();
  if (here && here->running()) {
    here->yield_current();
  } else {
    std::this_thread::yield();
  }
}

}  // namespace weft
