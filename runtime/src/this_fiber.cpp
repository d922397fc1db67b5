#include <mutex>

#include <weft/runtime/cancel.hpp>
#include <weft/runtime/detail/parker.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/this_fiber.hpp>
#include <weft/runtime/yield.hpp>

#include "runtime_core.hpp"
#include "worker.hpp"

/// What a fiber does to itself.
namespace weft {

namespace {

detail::fiber* running_fiber() noexcept {
  detail::worker* here = detail::worker::current();
  return here ? here->running() : nullptr;
}

}  // namespace

result<void> maybe_yield() noexcept {
  if (running_fiber() && detail::worker::current()->slice_is_over()) {
    detail::worker::current()->yield_to_events();
  }
  return check_cancel();
}

result<void> sleep_until(time_point deadline) noexcept {
  auto token = detail::begin_wait(detail::cancelable::yes);
  if (!token) {
    return fail(token.error());
  }
  if (deadline <= clock::now()) {
    detail::abandon_wait(*token);
    yield();
    return {};
  }
  if (detail::park(*token, deadline, "sleep") == detail::wake_reason::canceled) {
    return fail(detail::cancel_error());
  }
  return {};
}

std::uint64_t this_fiber::id() noexcept {
  const detail::fiber* self = running_fiber();
  return self ? self->id.load() : 0;
}

std::string this_fiber::name() {
  const detail::fiber* self = running_fiber();
  return self && self->extras ? self->extras->name : std::string();
}

void this_fiber::set_name(std::string_view name) {
  if (detail::fiber* self = running_fiber()) {
    detail::fiber_extras& extras = detail::extras_of(*self);
    std::lock_guard hold(self->home->core().names());
    extras.name = name;
  }
}

}  // namespace weft
