#include <cassert>

#include <weft/runtime/detail/compiler.hpp>
#include <weft/runtime/detail/parker.hpp>
#include <weft/runtime/detail/proxy_parker.hpp>
#include <weft/runtime/detail/scope.hpp>
#include <weft/runtime/detail/worker_access.hpp>

#include "fiber.hpp"
#include "held_locks.hpp"
#include "runtime_core.hpp"
#include "thread_parker.hpp"
#include "wait_records.hpp"
#include "wait_word.hpp"
#include "worker.hpp"

namespace weft::detail {

namespace {

std::error_code error_of(scope::status status) noexcept {
  switch (status) {
    case scope::status::open:
      return {};
    case scope::status::timed_out:
      return errc::timed_out;
    case scope::status::canceled:
      return errc::operation_canceled;
  }
  return {};
}

/// The second half of the handshake with cancel(): seq_cst loads after the seq_cst open().
bool is_canceled(const parker& self) noexcept {
  return self.current_scope->state() != scope::status::open ||
         (self.is_fiber() && self.shields == 0 &&
          static_cast<const fiber&>(self).home->core().is_stopping());
}

std::error_code cancellation_around(const parker& self) noexcept {
  if (!is_canceled(self)) {
    return {};
  }
  const auto status = self.current_scope->state();
  return status == scope::status::open ? errc::operation_canceled : error_of(status);
}

wake_reason reason_of(std::uint64_t word) noexcept {
  switch (wait_word::state_of(word)) {
    case wait_state::timed_out:
      return wake_reason::timed_out;
    case wait_state::canceled:
      return wake_reason::canceled;
    default:
      return wake_reason::ready;
  }
}

void make_runnable(parker& p) noexcept {
  if (p.is_fiber()) {
    auto& f = static_cast<fiber&>(p);
    f.home->core().schedule(&f);
  } else if (p.is_proxy()) {
    static_cast<proxy_parker&>(p).wake();
  } else {
    static_cast<thread_parker&>(p).wake();
  }
}

// Inlined, and leave() below, by command: each frame between a switch and what called it is a
// return that the processor predicts wrongly. One of them was a tenth of spawning and joining.
WEFT_ALWAYS_INLINE void park_fiber(fiber& self, time_point until, const awaited& what) noexcept {
  check_held_locks(self);
  self.waiting_for.store(what.what, std::memory_order_relaxed);
  const bool timed = until != forever;
  if (timed) {
    self.timer.open_wait(until.time_since_epoch().count());
  }
  self.home->park_current();
  if (timed) {
    self.timer.close_wait();
  }
  self.waiting_for.store(nullptr, std::memory_order_relaxed);
}

}  // namespace

parker& current_parker() noexcept {
  if (worker* here = worker::current()) {
    if (fiber* f = here->running()) {
      return *f;
    }
  }
  return thread_parker::current();
}

bool begin_wait_of(wait_token& token) noexcept {
  parker& self = *token.who;
  token =
      wait_word::open(self, self.shields > 0 ? wait_state::waiting_shielded : wait_state::waiting);
  // Where the canceller has claimed the wait and makes this parker runnable, park() will be told.
  return !is_canceled(self) || !wait_word::claim(token, wait_state::running);
}

result<wait_token> begin_wait(cancelable can) noexcept {
  if (can == cancelable::no) {
    return begin_wait_uncancelable();
  }
  wait_token token{.who = &current_parker()};
  if (!begin_wait_of(token)) {
    return fail(cancellation_around(*token.who));
  }
  return token;
}

wait_token begin_wait_uncancelable() noexcept {
  return wait_word::open(current_parker(), wait_state::waiting_firmly);
}

wait_token proxy_parker::open() noexcept {
  return wait_word::open(*this, wait_state::waiting_firmly);
}

bool abandon_wait(wait_token token) noexcept {
  if (wait_word::claim(token, wait_state::running)) {
    return true;
  }
  // Someone else has claimed the wait and makes this parker runnable: be parked for that.
  park(token, forever, "a wake-up under way");
  return false;
}

namespace {

WEFT_ALWAYS_INLINE void leave(wait_token token, time_point until, const awaited& what) noexcept {
  if (token.who->is_fiber()) {
    park_fiber(static_cast<fiber&>(*token.who), until, what);
  } else {
    static_cast<thread_parker*>(token.who)->sleep(token, until);
  }
}

WEFT_NOINLINE void leave_on_record(wait_token token, time_point until,
                                   const awaited& what) noexcept {
  const wait_record record(token, until, what);
  leave(token, until, what);
}

}  // namespace

wake_reason park(wait_token token, time_point until, const awaited& what) noexcept {
  assert(token.who == &current_parker() && "park() takes the caller's own token");
  if (keeps_facts()) [[unlikely]] {
    leave_on_record(token, until, what);
  } else {
    leave(token, until, what);
  }
  return reason_of(wait_word::load(*token.who));
}

bool claim_wait(wait_token token) noexcept {
  return wait_word::claim(token, wait_state::ready);
}

void resume(wait_token claimed) noexcept {
  make_runnable(*claimed.who);
}

bool unpark(wait_token token) noexcept {
  if (!claim_wait(token)) {
    return false;
  }
  resume(token);
  return true;
}

bool unpark_this_or_next(wait_token token) noexcept {
  if (unpark(token)) {
    return true;
  }
  wait_word::synchronize(*token.who);
  return unpark({token.who, token.generation + 1});
}

void consume_budget() noexcept {
  worker* here = worker::current();
  if (here && here->running()) {
    here->consume_budget();
  }
}

void yield_as_if_woken() noexcept {
  worker* here = worker::current();
  if (here && here->running()) {
    here->yield_as_if_woken();
  }
}

const void* worker_mark() noexcept {
  return worker::current();
}

const void* count_operation() noexcept {
  worker* here = worker::current();
  if (!here || !here->running()) {
    return nullptr;
  }
  return here->consume_budget() ? here : worker::current();
}

caller begin_operation() noexcept {
  worker* here = worker::current();
  if (!here || !here->running()) {
    parker& self = thread_parker::current();
    return {.who = &self, .events = nullptr, .canceled = is_canceled(self)};
  }
  if (!here->consume_budget()) {
    here = worker::current();
  }
  fiber& self = *here->running();
  return {.who = &self, .events = &here->events(), .canceled = is_canceled(self)};
}

driver* driver_of_running_fiber() noexcept {
  worker* here = worker::current();
  return here && here->running() ? &here->events() : nullptr;
}

std::error_code cancel_error() noexcept {
  return cancellation_around(current_parker());
}

}  // namespace weft::detail
