#include <cerrno>
#include <mutex>
#include <utility>

#include <weft/io/backend.hpp>
#include <weft/io/descriptor.hpp>
#include <weft/io/detail/syscalls.hpp>
#include <weft/runtime/detail/parker.hpp>
#include <weft/runtime/detail/worker_access.hpp>

#include "cancel_patience.hpp"
#include "execute.hpp"
#include "thread_perform.hpp"

namespace weft::io {

namespace {

namespace park = weft::detail;

/// Whether the operation moved fewer bytes than it could have, which for a stream means that the
/// next one has to wait.
bool moved_less(const operation& op) noexcept {
  const bool has_size =
      op.code == opcode::receive || op.code == opcode::receive_leased || op.code == opcode::send;
  return op.is_stream && has_size && op.result > 0 &&
         static_cast<std::size_t>(op.result) < op.asked;
}

/// Waits for the end of an operation that its fiber gave up and that could not be taken back.
void await_canceled(operation& op, park::wait_token next) noexcept {
  for (;;) {
    op.home->request_cancel(op.tag);
    park::park(next, clock::now() + detail::cancel_patience, "the end of a cancelled operation");
    if (op.done.load(std::memory_order_acquire)) {
      return;
    }
    next = park::begin_wait_uncancelable();  // complete() does not know of it: the clock ends it
  }
}

/// Waits for an operation that was submitted. False: it had no effect and was given up, because a
/// scope around the caller was cancelled.
bool await(operation& op) noexcept {
  if (park::park(op.waiter, forever, name_of(op.code)) == park::wake_reason::ready) [[likely]] {
    return true;
  }
  // The wait that complete() tries second. It must be the next one this fiber opens.
  const park::wait_token again = park::begin_wait_uncancelable();
  if (op.done.load(std::memory_order_acquire)) {
    park::abandon_wait(again);
  } else {
    bool withdrawn = false;
    {
      std::lock_guard hold(op.target->lock);
      withdrawn = op.home->withdraw(op);
    }
    if (withdrawn) {
      park::abandon_wait(again);
      op.result = -ECANCELED;
    } else {
      await_canceled(op, again);
    }
  }
  return op.result != -ECANCELED && op.result != -EAGAIN;
}

/// Before an operation is submitted again. False: its descriptor is closing.
bool prepare_again(detail::descriptor_state& state, operation& op) noexcept {
  // One whose turn has come is off its queue: a readiness backend looks itself whether the
  // descriptor is closing, before it waits again.
  if (op.queue || op.held.load(std::memory_order_acquire)) {
    std::unique_lock hold(state.lock);
    detail::descriptor_state::take_back(op, hold);
    if (state.closing) {
      return false;
    }
  }
  op.done.store(false, std::memory_order_relaxed);
  return true;
}

result<std::size_t> outcome_of(const operation& op, bool closing) noexcept {
  if (op.result >= 0) {
    return static_cast<std::size_t>(op.result);
  }
  if (closing || op.result == -EBADF) {
    return fail(errc::closed);
  }
  return fail(weft::detail::sys::error_of(op.result));
}

}  // namespace

void detail::complete(operation& op, std::ptrdiff_t result) noexcept {
  const park::wait_token waiter = op.waiter;
  op.result = result;
  // Release pairs with the acquire in await(); from here on the operation may be gone.
  op.done.store(true, std::memory_order_release);
  park::unpark_this_or_next(waiter);
}

result<std::size_t> descriptor::perform(operation& op) const noexcept {
  if (!state_) {
    return fail(errc::closed);
  }
  const park::caller self = park::begin_operation();
  if (self.canceled) [[unlikely]] {
    return fail(park::cancel_error());
  }
  if (!state_->enter(op)) {
    return fail(errc::closed);
  }
  op.waiter.who = self.who;
  backend* here = backend::of(self.events);
  bool closing = false;
  bool given_up = false;
  for (;;) {
    if (!here) {
      given_up = !detail::perform_on_thread(op);
    } else if (!here->submit(op)) {
      given_up = !await(op);
    } else {
      given_up = op.result == -ECANCELED;
    }
    const bool again = op.result == -EAGAIN || op.result == -ECANCELED;
    if (!again || given_up) [[likely]] {
      break;
    }
    if (!prepare_again(*state_, op)) {
      closing = true;
      break;
    }
    here = backend::current();
  }
  state_->leave(op, moved_less(op));
  if (given_up) [[unlikely]] {
    return fail(park::cancel_error());
  }
  return outcome_of(op, closing);
}

result<std::size_t> descriptor::try_perform(operation& op) const noexcept {
  if (!state_ || !state_->enter(op)) {
    return fail(errc::closed);
  }
  op.result = detail::execute(op);
  state_->leave(op, moved_less(op));
  if (op.result == -EAGAIN) {
    return fail(std::make_error_code(std::errc::operation_would_block));
  }
  return outcome_of(op, false);
}

result<descriptor> descriptor::adopt(int fd) {
  if (const int error = weft::detail::sys::set_nonblocking(fd); error < 0) {
    return fail(weft::detail::sys::error_of(error));
  }
  return adopt_nonblocking(fd);
}

descriptor descriptor::adopt_nonblocking(int fd) {
  return descriptor(detail::descriptor_state::open(fd));
}

descriptor& descriptor::operator=(descriptor&& other) noexcept {
  if (this != &other) {
    descriptor old(std::move(*this));
    state_ = std::exchange(other.state_, nullptr);
  }
  return *this;
}

descriptor::~descriptor() {
  if (state_) {
    close();
    detail::descriptor_state::dispose(*state_);
  }
}

bool descriptor::is_open() const noexcept {
  if (!state_) {
    return false;
  }
  std::lock_guard hold(state_->lock);
  return !state_->closing;
}

int descriptor::native_handle() const noexcept {
  if (!state_) {
    return -1;
  }
  std::lock_guard hold(state_->lock);
  return state_->closing ? -1 : state_->fd;
}

descriptor::lease descriptor::borrow() const noexcept {
  return lease(state_ && state_->enter() ? state_ : nullptr);
}

int descriptor::lease::native_handle() const noexcept {
  return state_ ? state_->fd : -1;
}

void descriptor::lease::give_back() noexcept {
  state_->leave();
}

}  // namespace weft::io
