#include <mutex>

#include <weft/runtime/cancel.hpp>

#include "fiber.hpp"
#include "scope_access.hpp"

namespace weft {

cancel_scope::cancel_scope() noexcept : scope(kind::cancel, &detail::current_parker()) {
  enter();
}
cancel_scope::~cancel_scope() {
  leave();
}

void cancel_scope::cancel(const char* reason) noexcept {
  scope::cancel(status::canceled, reason);
}

shield::shield() noexcept : scope(kind::shield, &detail::current_parker()) {
  enter();
}
shield::~shield() {
  leave();
}

namespace detail {

void scope_access::expire(timeout_scope& scope) noexcept {
  scope.cancel(scope::status::timed_out, scope::deadline_passed);
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

timeout_scope::timeout_scope(time_point deadline, bool has_passed) noexcept
    : scope(kind::timeout, &detail::current_parker()), deadline_(deadline) {
  enter();
  strike_at_deadline(has_passed);
}

timeout_scope::~timeout_scope() {
  leave();
}

void timeout_scope::strike_at_deadline(bool has_passed) noexcept {
  if (has_passed) {
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
  }
  strike_at_deadline(limit <= duration::zero());
  return state() == status::open;
}

result<void> check_cancel() noexcept {
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
  const detail::scope& current = *detail::current_parker().current_scope;
  switch (current.state()) {
    case detail::scope::status::open:
      break;
    case detail::scope::status::timed_out:
      return cancel_cause{errc::timed_out, current.reason(), current.canceled_by()};
    case detail::scope::status::canceled:
      return cancel_cause{errc::operation_canceled, current.reason(), current.canceled_by()};
  }
  if (detail::cancel_error()) {
    return cancel_cause{errc::operation_canceled, "the runtime is shutting down", 0};
  }
  return std::nullopt;
}

}  // namespace weft
