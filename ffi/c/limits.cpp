#include "limits.hpp"

#include <algorithm>

#include <weft/runtime/errc.hpp>

#include "errors.hpp"
#include "objects.hpp"

namespace weft::c {

void waker_list::fire_all() noexcept {
  const std::lock_guard hold(mutex_);
  fired_.store(true, std::memory_order_release);
  for (entry* each = first_; each; each = each->next_) {
    each->who_.fire();
  }
}

waker_list::entry::entry(waker_list& list, waker& who) noexcept : list_(list), who_(who) {
  const std::lock_guard hold(list_.mutex_);
  next_ = std::exchange(list_.first_, this);
  if (next_) {
    next_->previous_ = this;
  }
  if (list_.is_fired()) {
    who_.fire();
  }
}

waker_list::entry::~entry() {
  const std::lock_guard hold(list_.mutex_);
  (previous_ ? previous_->next_ : list_.first_) = next_;
  if (next_) {
    next_->previous_ = previous_;
  }
}

int token::state() const noexcept {
  if (waiting.is_fired()) {
    return WEFT_E_CANCELED;
  }
  return deadline != forever && deadline <= clock::now() ? WEFT_E_TIMED_OUT : WEFT_OK;
}

int limits::failed(std::error_code error) const noexcept {
  if (no_wait && error == errc::timed_out) {
    return misused(WEFT_E_WOULD_BLOCK);
  }
  return c::failed(error);
}

int read_limits(std::int64_t timeout, weft_handle cancel, limits& into) noexcept {
  if (timeout < WEFT_FOREVER) {
    return misused(WEFT_E_INVALID_ARGUMENT, "timeout is below WEFT_FOREVER");
  }
  into.no_wait = timeout == 0;
  into.until = timeout == WEFT_FOREVER ? forever
               : timeout == 0          ? time_point::min()
                                       : deadline_after(duration(timeout));
  if (cancel == WEFT_NONE) {
    return WEFT_OK;
  }
  if (const int error = find(cancel, into.cancel)) {
    return misused(error, "cancel");
  }
  if (const int ended = into.cancel->state()) {
    return misused(ended);
  }
  into.until = std::min(into.until, into.cancel->deadline);
  return WEFT_OK;
}

}  // namespace weft::c

using namespace weft::c;

extern "C" {

weft_handle weft_token_create(std::int64_t timeout) noexcept {
  if (timeout < WEFT_FOREVER) {
    return misused(WEFT_E_INVALID_ARGUMENT, "timeout is below WEFT_FOREVER");
  }
  return guarded([&]() -> weft_handle {
    return opened<token>(timeout == WEFT_FOREVER ? weft::forever
                                                 : weft::deadline_after(weft::duration(timeout)));
  });
}

int weft_token_cancel(weft_handle handle) noexcept {
  return guarded([&] {
    pinned<token> found;
    if (const int error = find(handle, found)) {
      return misused(error, "token");
    }
    found->waiting.fire_all();
    return int{WEFT_OK};
  });
}

int weft_token_state(weft_handle handle) noexcept {
  pinned<token> found;
  if (const int error = find(handle, found)) {
    return misused(error, "token");
  }
  return found->state();
}
}
