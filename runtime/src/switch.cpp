#include <utility>

#include "fatal.hpp"
#include "fiber_life.hpp"
#include "runtime_core.hpp"
#include "worker.hpp"

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

void fiber_entry(context_transfer from) noexcept {
  worker* here = static_cast<worker*>(from.data);
  sanitizer_stack fresh;
  arrived_on_stack(fresh);
  here->arrive(from);
  stack* const mine = here->current_->running_stack;
  const bool reusable = here->core().stacks().is_default(*mine);
  for (;;) {
    fiber* const self = here->current_;
    self->ops->run(task_of(self));
    const join_state seen = prepare_finish(*self);
    here = worker::current();  // the fiber may have ended on another thread
    here->current_ = nullptr;
    finish_fiber(*self, seen, *here);
    fiber* next = here->pick_direct();
    if (reusable && next && !next->sp && next->stack_kilobytes == 0) {
      next->running_stack = mine;
      next->sp = mine->top;  // no context to resume, but no longer new
      here->enter(*next);
      continue;
    }
    here->leave_for_good(mine, next);
  }
}

void worker::run_fiber(fiber* f) noexcept {
  departed_ = {};
  native_exceptions_ = *exceptions_;
  const context to = enter(*f);
  sanitizer_stack own;
  announce(own, false, f);
  const context_transfer from = switch_context(to, this);
  arrived_on_stack(own);
  arrive(from);
  *exceptions_ = native_exceptions_;
}

void worker::park_current() noexcept { leave_current(*current_); }

void worker::yield_current() noexcept {
  fiber& self = *current_;
  budget_ = fiber_budget;
  slice_started_ = false;
  if (ticks_ < poll_interval_ && !has_local_work()) {
    ++ticks_;
    return;
  }
  push_back(&self);
  leave_current(self);
}

void worker::leave_current(fiber& self) noexcept {
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
  const context_transfer from = switch_context(to, this);
  arrived_on_stack(own);
  static_cast<worker*>(from.data)->arrive(from);
}

void worker::leave_for_good(stack* dead, fiber* next) noexcept {
  departed_ = {.left = nullptr, .dead = dead};
  const context to = next ? enter(*next) : native_;
  sanitizer_stack none;
  announce(none, true, next);
  switch_context(to, this);
  std::unreachable();
}

void worker::arrive(context_transfer from) noexcept {
  if (fiber* left = departed_.left) {
    left->sp = from.fctx;
    // Release: whoever takes the fiber from a queue must see its stack as it was left.
    left->on_cpu.store(false, std::memory_order_release);
  } else if (stack* dead = departed_.dead) {
    if (core_.stacks().is_default(*dead)) {
      stacks_.push(core_.stacks(), dead);
    } else {
      core_.stacks().release(dead);
    }
  } else {
    native_ = from.fctx;
  }
}

fiber* worker::pick_direct() noexcept {
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

fiber* worker::pick_local() noexcept {
  // At most this many in a row from the slot: two fibers that keep waking each other must not
  // starve the ring.
  constexpr std::uint32_t slot_limit = 16;
  if (fiber* f = next_slot_.load(std::memory_order_relaxed)) {
    if (next_slot_.compare_exchange_strong(f, nullptr, std::memory_order_acq_rel)) {
      if (++slot_streak_ <= slot_limit) {
        return f;
      }
      push_back(f);
    }
  }
  slot_streak_ = 0;
  if (!mine_.empty() && (ticks_ & 1)) {
    return mine_.pop_front();
  }
  fiber* f = queue_.pop();
  return f ? f : mine_.pop_front();
}

context worker::enter(fiber& next) noexcept {
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

void worker::bind_stack(fiber& f) noexcept {
  stack_pool& pool = core_.stacks();
  stack* bound = f.stack_kilobytes == 0
                     ? stacks_.pop(pool)
                     : pool.acquire(std::size_t{f.stack_kilobytes} * 1024);
  if (!bound) {
    fatal("no memory for the stack of fiber %llu (%zu live fibers): raise the limit on address "
          "space or vm.max_map_count, or spawn fewer",
          static_cast<unsigned long long>(f.id), static_cast<std::size_t>(core_.live_fibers()));
  }
  if (!bound->sanitizer_fiber) {
    bound->sanitizer_fiber = sanitizer_make_fiber();
  }
  f.running_stack = bound;
  f.sp = make_context(bound->top, static_cast<std::size_t>(bound->top - bound->bottom), fiber_entry);
}

void worker::save_exceptions(fiber& f) noexcept {
  f.caught_exceptions = exceptions_->caught;
  f.uncaught_exceptions = exceptions_->uncaught;
}

void worker::announce([[maybe_unused]] sanitizer_stack& own, [[maybe_unused]] bool final,
                      [[maybe_unused]] const fiber* next) noexcept {
  if (next) {
    const stack& to = *next->running_stack;
    leaving_stack(own, final, to.bottom, static_cast<std::size_t>(to.top - to.bottom),
                  to.sanitizer_fiber);
  } else {
    leaving_stack(own, final, native_bottom_, native_size_, native_sanitizer_fiber_);
  }
}

}  // namespace weft::detail
