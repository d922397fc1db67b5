#include <mutex>

#include <weft/runtime/cancel.hpp>
#include <weft/runtime/detail/errand.hpp>

#include "cancel_cause.hpp"
#include "fiber.hpp"
#include "runtime_core.hpp"
#include "scope_access.hpp"

namespace weft {

namespace {

cancel_cause described(detail::scope::status how, const detail::scope_end& end) noexcept {
  if (how == detail::scope::status::timed_out) {
    return {.code = errc::timed_out,
            .reason = "the timeout_scope's deadline passed",
            .canceled_by = 0,
            .limit = duration(end.limit),
            .where = end.made};
  }
  return {.code = errc::operation_canceled, .reason = end.reason, .canceled_by = end.canceled_by};
}

/// A shutdown leaves no trace in the scopes.
cancel_cause shutdown() noexcept {
  return {
      .code = errc::operation_canceled, .reason = "the runtime is shutting down", .canceled_by = 0};
}

std::optional<cancel_cause> remembered_cause(const detail::scope& root,
                                             std::error_code error) noexcept {
  detail::scope_end end;
  const detail::scope::status how = root.remembered(end);
  if (how != detail::scope::status::open) {
    const cancel_cause last = described(how, end);
    if (error == last.code) {
      return last;
    }
  }
  return std::nullopt;
}

}  // namespace

cancel_scope::cancel_scope() noexcept : scope(kind::cancel, &detail::current_parker()) {
  enter();
}
cancel_scope::~cancel_scope() {
  leave();
}

void cancel_scope::cancel(const char* reason) noexcept {
  scope::cancel(reason);
}

shield::shield() noexcept : scope(kind::shield, &detail::current_parker()) {
  enter();
}
shield::~shield() {
  leave();
}

namespace detail {

void scope_access::expire(timeout_scope& scope) noexcept {
  scope.end_as(scope::status::timed_out, end_of(scope));
}

scope_end scope_access::end_of(const scope& timed) noexcept {
  const auto& of = static_cast<const timeout_scope&>(timed);
  return {of.where_, of.limit_};
}

timeout_scope* scope_access::nearest_deadline(const parker& caller) noexcept {
  timeout_scope* nearest = nullptr;
  for (scope* s = caller.current_scope;
       s->type() != scope::kind::shield && s->type() != scope::kind::root; s = s->parent()) {
    if (s->type() != scope::kind::timeout || s->state() != scope::status::open) {
      continue;
    }
    auto* timed = static_cast<timeout_scope*>(s);
    if (!nearest || timed->deadline() < nearest->deadline()) {
      nearest = timed;
    }
  }
  return nearest;
}

time_point nearest_deadline() noexcept {
  timeout_scope* const nearest = scope_access::nearest_deadline(current_parker());
  return nearest ? nearest->deadline() : forever;
}

}  // namespace detail

timeout_scope::timeout_scope(time_point deadline, duration limit,
                             std::source_location where) noexcept
    : scope(kind::timeout, &detail::current_parker()),
      deadline_(deadline),
      limit_(limit),
      where_(where) {
  enter();
  strike_at_deadline();
}

timeout_scope::~timeout_scope() {
  leave();
}

void timeout_scope::strike_at_deadline() noexcept {
  if (limit_ <= duration::zero()) {
    detail::scope_access::expire(*this);
  } else if (owner().is_fiber()) {
    // A plain thread has no worker whose timers could fire: it looks at deadline_ when it sleeps.
    static_cast<detail::fiber&>(owner()).timer.ensure(deadline_.time_since_epoch().count());
  }
}

bool timeout_scope::reset(duration limit) noexcept {
  {
    std::lock_guard hold(lock());
    if (state() != status::open) {
      return false;
    }
    deadline_ = deadline_after(limit);
    limit_ = limit;
  }
  strike_at_deadline();
  return state() == status::open;
}

result<void> check_cancel() noexcept {
  detail::run_errand_if_left();
  // A plain thread has no timers, and those of a fiber that computes may have no one to fire them.
  timeout_scope* const nearest = detail::scope_access::nearest_deadline(detail::current_parker());
  if (nearest && nearest->deadline() <= clock::now()) {
    detail::scope_access::expire(*nearest);
  }
  if (const std::error_code error = detail::cancel_error()) {
    return fail(error);
  }
  return {};
}

std::optional<cancel_cause> why_canceled() noexcept {
  detail::run_errand_if_left();
  const detail::scope& current = *detail::current_parker().current_scope;
  if (const auto how = current.state(); how != detail::scope::status::open) {
    return described(how, current.end());
  }
  if (detail::cancel_error()) {
    return shutdown();
  }
  return std::nullopt;
}

std::optional<cancel_cause> cause_of(std::error_code error) noexcept {
  if (const auto around = why_canceled(); around && error == around->code) {
    return around;
  }
  return remembered_cause(detail::root_of(detail::current_parker()), error);
}

namespace detail {

std::error_code time_out_of_wait() noexcept {
  root_of(current_parker()).forget_time_out();
  return errc::timed_out;
}

std::optional<cancel_cause> cause_in(const fiber& ended, std::error_code error) noexcept {
  if (auto cause = remembered_cause(ended.root, error)) {
    return cause;
  }
  if (error == errc::operation_canceled && ended.home->core().is_stopping()) {
    return shutdown();
  }
  return std::nullopt;
}

void remember_cause(const std::optional<cancel_cause>& cause) noexcept {
  scope& mine = root_of(current_parker());
  if (!cause) {
    mine.remember(scope::status::open, {});
  } else if (cause->code == errc::timed_out) {
    mine.remember(scope::status::timed_out, {cause->where, cause->limit});
  } else {
    mine.remember(scope::status::canceled, {cause->reason, cause->canceled_by});
  }
}

}  // namespace detail

}  // namespace weft
