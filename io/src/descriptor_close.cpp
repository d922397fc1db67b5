#include <cerrno>
#include <cstdint>
#include <mutex>
#include <utility>

#include <weft/io/backend.hpp>
#include <weft/io/descriptor.hpp>
#include <weft/io/detail/syscalls.hpp>
#include <weft/runtime/detail/parker.hpp>

#include "cancel_patience.hpp"
#include "poller_home.hpp"

namespace weft::io {

namespace {

namespace park = weft::detail;

/// An operation that waits and that the closer has not seen to yet. Under the lock.
operation* next_to_interrupt(const detail::descriptor_state& state) noexcept {
  for (const auto* queue : {&state.sides[0].waiting, &state.sides[1].waiting, &state.submitted}) {
    for (operation* op = queue->front(); op; op = op->next) {
      if (!op->interrupted) {
        return op;
      }
    }
  }
  return nullptr;
}

/// Ends one more operation that waits; false when all have been seen to.
bool interrupt_one(detail::descriptor_state& state) noexcept {
  operation* found = nullptr;
  bool withdrawn = false;
  backend* home = nullptr;
  std::uint64_t tag = 0;
  {
    std::lock_guard hold(state.lock);
    found = next_to_interrupt(state);
    if (!found) {
      return false;
    }
    found->interrupted = true;
    found->held.store(true, std::memory_order_relaxed);
    home = found->home;
    tag = found->tag;
    withdrawn = home->withdraw(*found);
  }
  if (withdrawn) {
    detail::complete(*found, -EBADF);
  } else {
    home->request_cancel(tag);
  }
  detail::descriptor_state::let_go(*found);
  return true;
}

/// Waits until the first closer is done.
void await_closed(detail::descriptor_state& state) noexcept {
  detail::descriptor_state::closer self;
  {
    std::lock_guard hold(state.lock);
    if (state.fd < 0) {
      return;
    }
    self.token = park::begin_wait_uncancelable();
    self.next = std::exchange(state.other_closers, &self);
  }
  park::park(self.token, forever, "another's close");
}

/// Ends all operations that wait. Those that the backend was asked to cancel it is asked once more.
void interrupt_all(detail::descriptor_state& state) noexcept {
  {
    std::lock_guard hold(state.lock);
    for (operation* op = state.submitted.front(); op; op = op->next) {
      op->interrupted = false;
    }
  }
  while (interrupt_one(state)) {
  }
}

/// Waits a while for the operations to leave.
bool have_all_left(detail::descriptor_state& state) noexcept {
  park::wait_token until_left;
  {
    std::lock_guard hold(state.lock);
    if (state.inside == 0) {
      return true;
    }
    until_left = state.first_closer = park::begin_wait_uncancelable();
  }
  park::park(until_left, clock::now() + detail::cancel_patience,
             "the operations on a closing descriptor");
  return false;
}

}  // namespace

int descriptor::shut(bool keeps) const noexcept {
  if (!state_) {
    return -1;
  }
  bool is_first = false;
  {
    std::lock_guard hold(state_->lock);
    is_first = !std::exchange(state_->closing, true);
  }
  if (!is_first) {
    await_closed(*state_);
    return -1;
  }
  do {
    interrupt_all(*state_);
  } while (!have_all_left(*state_));
  detail::poller_home* home = nullptr;
  std::uint64_t tenancy = 0;
  {
    std::lock_guard hold(state_->lock);
    home = state_->home;
    tenancy = state_->tenancy;
  }
  if (home && keeps) {
    home->take_off(*state_, tenancy);
  } else if (home) {
    home->forget(*state_, tenancy);
  }
  const int kept = keeps ? state_->fd : -1;
  if (!keeps) {
    weft::detail::sys::close(state_->fd);
  }
  detail::descriptor_state::closer* others = nullptr;
  {
    std::lock_guard hold(state_->lock);
    state_->fd = -1;
    others = std::exchange(state_->other_closers, nullptr);
  }
  while (others) {
    const park::wait_token token = others->token;
    others = others->next;  // it is gone once it has been woken
    park::unpark(token);
  }
  return kept;
}

int descriptor::release() noexcept {
  if (!state_) {
    return -1;
  }
  detail::poller_home* home = nullptr;
  std::uint64_t tenancy = 0;
  {
    std::lock_guard hold(state_->lock);
    state_->closing = true;
    home = state_->home;
    tenancy = state_->tenancy;
  }
  if (home) {
    home->take_off(*state_, tenancy);
  }
  const int fd = std::exchange(state_->fd, -1);
  detail::descriptor_state::dispose(*std::exchange(state_, nullptr));
  return fd;
}

}  // namespace weft::io
