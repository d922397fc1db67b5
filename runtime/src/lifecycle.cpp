#include <cstring>
#include <exception>
#include <memory>
#include <mutex>
#include <new>
#include <system_error>
#include <utility>

#include <weft/runtime/detail/parker.hpp>
#include <weft/runtime/detail/task.hpp>
#include <weft/runtime/runtime.hpp>

#include "fatal.hpp"
#include "fiber.hpp"
#include "fiber_life.hpp"
#include "fiber_locals.hpp"
#include "runtime_core.hpp"
#include "wait_records.hpp"
#include "worker.hpp"

/// The life of a fiber outside the scheduler: made, started, finished, joined, reaped.
namespace weft::detail {

namespace {

runtime_core& core_for(const fiber_request& request, worker* here) {
  if (request.where_to) {
    return request.where_to->core();
  }
  if (!here) {
    fatal("spawn() was called outside a fiber: use runtime::spawn(), or weft::run() first");
  }
  return here->core();
}

worker* worker_of(const runtime_core& core) noexcept {
  worker* here = worker::current();
  return here && &here->core() == &core ? here : nullptr;
}

[[noreturn]] void unseen_exception(const fiber& f, const std::exception_ptr& exception) noexcept {
  const char* name = f.extras && !f.extras->name.empty() ? f.extras->name.c_str() : "unnamed";
  const auto id = static_cast<unsigned long long>(f.id);
  const std::source_location site = f.site;
  try {
    std::rethrow_exception(exception);
  } catch (const std::exception& e) {
    fatal("detached fiber %llu \"%s\", spawned at %s:%u, ended with an exception: %s", id, name,
          site.file_name(), static_cast<unsigned>(site.line()), e.what());
  } catch (...) {
    fatal("detached fiber %llu \"%s\", spawned at %s:%u, ended with an exception", id, name,
          site.file_name(), static_cast<unsigned>(site.line()));
  }
}

void give_back(fiber* f) noexcept {
  runtime_core& core = f->home->core();
  if (f->extras) {
    std::lock_guard hold(core.names());  // a dump may be reading the name
    delete std::exchange(f->extras, nullptr);
  }
  if (worker* here = worker_of(core)) {
    here->recycle_block(f);
  } else {
    fiber_stack one;
    one.push(f);
    core.count_reaped();
    core.fibers().give(1, one);
  }
}

}  // namespace

fiber_extras& extras_of(fiber& f) {
  if (!f.extras) {
    auto made = std::make_unique<fiber_extras>();
    std::lock_guard hold(f.home->core().names());
    f.extras = made.release();
  }
  return *f.extras;
}

fiber* create_fiber(const fiber_request& request) {
  if (request.stack_size > largest_stack) {
    throw std::bad_alloc();
  }
  const auto stack_kilobytes = static_cast<std::uint32_t>((request.stack_size + 1023) / 1024);
  worker* here = worker::current();
  runtime_core& core = core_for(request, here);
  if (here && &here->core() != &core) {
    here = nullptr;
  }

  fiber* f = nullptr;
  if (here) {
    f = here->new_block();
    f->id.store(here->next_fiber_id(), std::memory_order_relaxed);
  } else {
    fiber_stack one;
    core.fibers().take(1, one);
    f = one.pop();
    f->id.store(core.take_ids(1), std::memory_order_relaxed);
  }
  f->pinned = request.pinned || core.is_pinned();
  f->heap_task = false;
  f->hooked = false;
  f->stack_kilobytes = stack_kilobytes;
  f->home = core.is_pinned() ? &core.place_pinned() : here ? here : &core.worker_at(0);
  f->sp = nullptr;
  f->on_cpu.store(false, std::memory_order_relaxed);
  f->caught_exceptions = nullptr;
  f->uncaught_exceptions = 0;
  f->ops = request.ops;
  f->site.store(request.site, std::memory_order_relaxed);
  f->current_scope = &f->root;
  f->shields = 0;
  f->joining.store(join_state::running, std::memory_order_relaxed);
  f->root.reopen();
  if (request.parent) {
    f->root.attach(request.parent);
    if (keeps_facts()) [[unlikely]] {
      note_member(request.parent, *f);
    }
  }
  core.count_spawned(here);
  if (!here && core.is_closed()) {
    discard_fiber(f);
    throw std::system_error(errc::shutting_down);
  }
  if (!request.name.empty()) {
    fiber_extras& extras = extras_of(*f);
    std::lock_guard hold(core.names());
    extras.name = request.name;
  }
  f->alive.store(true, std::memory_order_release);  // pairs with the load in dump_fibers()
  return f;
}

void* task_storage(fiber* f) noexcept {
  return f->task;
}

void set_heap_task(fiber* f, void* task) noexcept {
  f->heap_task = true;
  std::memcpy(f->task, &task, sizeof task);
}

void* task_of(fiber* f) noexcept {
  if (!f->heap_task) {
    return f->task;
  }
  void* task = nullptr;
  std::memcpy(&task, f->task, sizeof task);
  return task;
}

void discard_fiber(fiber* f) noexcept {
  forget_member(f->root.parent(), *f);
  f->root.detach();
  f->alive.store(false, std::memory_order_relaxed);
  runtime_core& core = f->home->core();
  const runtime_core::visit inside(core);  // it may be the last that a shutdown waits for
  give_back(f);
  core.count_discarded();
  core.signal_if_drained();
}

void start_fiber(fiber* f) noexcept {
  runtime_core& core = f->home->core();
  worker* here = worker_of(core);
  if (here && (!core.is_pinned() || f->home == here)) {
    here->push_new(f);
  } else {
    core.schedule(f);
  }
}

void set_completion_hook(fiber* f, completion_hook hook, void* argument) noexcept {
  f->hooked = true;
  f->hook = {hook, argument};
}

bool is_finished(const fiber* f) noexcept {
  return f->joining.load(std::memory_order_acquire) == join_state::finished;
}

join_state prepare_finish(fiber& f) noexcept {
  destroy_locals(f.extras);
  if (f.hooked) {
    return join_state::running;
  }
  // acq_rel: acquires the joiner's token; what the fiber did is released by finish_fiber().
  const join_state seen = f.joining.exchange(join_state::finishing, std::memory_order_acq_rel);
  if (seen == join_state::detached) {
    if (auto exception = f.ops->exception(task_of(&f))) {
      unseen_exception(f, exception);
    }
    f.ops->destroy(task_of(&f), true);
  }
  return seen;
}

void finish_fiber(fiber& f, join_state seen, worker& here) noexcept {
  if (keeps_facts()) [[unlikely]] {
    forget_member(f.root.parent(), f);
  }
  f.timer.retire();
  f.root.detach();
  f.alive.store(false, std::memory_order_relaxed);
  if (f.hooked) {
    f.hook.run(&f, f.hook.context);
  } else if (seen == join_state::detached) {
    give_back(&f);
  } else {
    // Only then: a joiner that comes too late writes it meanwhile. Claimed before it is told: one
    // whose wait has ended otherwise looks out for `finished`, and then it, and its runtime, may be
    // gone.
    const wait_token joiner = seen == join_state::waiting ? f.joiner : wait_token{};
    const bool is_awaited = joiner.who && claim_wait(joiner);
    f.joining.store(join_state::finished, std::memory_order_release);
    if (is_awaited) {
      resume(joiner);
    }
  }
  worker_counters::count(here.counters().finished);
}

namespace {

void await_finished(const fiber& f) noexcept {
  while (!is_finished(&f)) {
    cpu_relax();
  }
}

/// Takes the joiner's token back; false when the fiber has finished.
bool unregister_joiner(fiber& f) noexcept {
  join_state expected = join_state::waiting;
  if (f.joining.compare_exchange_strong(expected, join_state::running, std::memory_order_acq_rel)) {
    return true;
  }
  await_finished(f);
  return false;
}

}  // namespace

bool enlist_joiner(fiber* f, wait_token token) noexcept {
  f->joiner = token;
  join_state expected = join_state::running;
  if (f->joining.compare_exchange_strong(expected, join_state::waiting,
                                         std::memory_order_acq_rel)) {
    return true;
  }
  if (expected == join_state::waiting) {
    fatal("fiber %llu is being joined by two callers at once",
          static_cast<unsigned long long>(f->id));
  }
  await_finished(*f);
  return false;
}

void withdraw_joiner(fiber* f) noexcept {
  unregister_joiner(*f);
}

bool is_calling(const fiber* f) noexcept {
  return &current_parker() == f;
}

result<void> join_fiber(fiber* f, cancelable can, time_point until) noexcept {
  if (is_finished(f)) {
    return {};
  }
  if (is_calling(f)) {
    return fail(errc::would_deadlock);
  }
  wait_token token;
  if (can == cancelable::yes) {
    auto begun = begin_wait(can);
    if (!begun) {
      return fail(begun.error());
    }
    token = *begun;
  } else {
    token = begin_wait_uncancelable();
  }
  if (!enlist_joiner(f, token)) {
    abandon_wait(token);
    return {};
  }
  awaited what("the end of a fiber", static_cast<parker*>(f));
  what.is_end = true;
  const wake_reason reason = park(token, until, what);
  if (reason == wake_reason::ready) {
    return {};
  }
  if (!unregister_joiner(*f)) {
    return {};
  }
  return fail(reason == wake_reason::timed_out ? time_out_of_wait() : cancel_error());
}

void cancel_fiber(fiber* f, const char* reason) noexcept {
  f->root.cancel(reason);
}

void reap_fiber(fiber* f) noexcept {
  f->ops->destroy(task_of(f), true);
  give_back(f);
}

void detach_fiber(fiber* f) noexcept {
  join_state expected = join_state::running;
  if (!f->joining.compare_exchange_strong(expected, join_state::detached,
                                          std::memory_order_acq_rel)) {
    await_finished(*f);
    if (auto exception = f->ops->exception(task_of(f))) {
      unseen_exception(*f, exception);
    }
    reap_fiber(f);
  }
}

std::uint64_t fiber_id(const fiber* f) noexcept {
  return f->id;
}

}  // namespace weft::detail
