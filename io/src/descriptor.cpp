#include <weft/io/descriptor.hpp>

#include <cerrno>
#include <mutex>

#include <weft/io/backend.hpp>
#include <weft/io/detail/syscalls.hpp>
#include <weft/runtime/detail/parker.hpp>

#include "execute.hpp"
#include "thread_perform.hpp"

namespace weft::io {

namespace {

namespace park = weft::detail;

/// Whether the operation moved fewer bytes than it could have, which for a stream means that the
/// next one has to wait.
bool moved_all(const operation& op) noexcept {
  return op.is_stream && (op.code == opcode::receive || op.code == opcode::send) &&
         op.result > 0 && static_cast<std::size_t>(op.result) < op.asked;
}

/// Waits for an operation that was submitted. Returns the error of the cancelled scope when the
/// operation was given up for it.
std::error_code await(operation& op) noexcept {
  if (park::park(op.waiter, forever, name_of(op.code)) == park::wake_reason::ready) {
    return {};
  }
  const std::error_code why = park::cancel_error();
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
      op.home->request_cancel(op.tag);
      park::park(again, forever, "the end of a cancelled operation");
    }
  }
  const bool had_no_effect = op.result == -ECANCELED || op.result == -EAGAIN;
  return had_no_effect ? why : std::error_code();
}

result<std::size_t> outcome_of(const operation& op, bool closing) noexcept {
  if (op.result >= 0) {
    return static_cast<std::size_t>(op.result);
  }
  if (closing) {
    return fail(errc::closed);
  }
  return fail(std::error_code(static_cast<int>(-op.result), std::system_category()));
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
  if (const std::error_code error = park::cancel_error()) {
    return fail(error);
  }
  park::consume_budget();
  if (!state_->enter(op)) {
    return fail(errc::closed);
  }
  std::error_code given_up;
  bool closing = false;
  for (;;) {
    backend* here = backend::current();
    if (!here) {
      given_up = detail::perform_on_thread(op);
    } else if (!here->submit(op)) {
      given_up = await(op);
    } else if (op.result == -ECANCELED) {
      given_up = park::cancel_error();
    }
    const bool again = op.result == -EAGAIN || op.result == -ECANCELED;
    if (!again || given_up) {
      break;
    }
    std::lock_guard hold(state_->lock);
    closing = state_->closing;
    if (closing) {
      break;
    }
    op.done.store(false, std::memory_order_relaxed);
    if (op.linked) {
      state_->unlink(op);
    }
  }
  if (op.result == -EBADF) {
    closing = true;
  }
  state_->leave(op, moved_all(op));
  if (given_up) {
    return fail(given_up);
  }
  return outcome_of(op, closing);
}

result<std::size_t> descriptor::try_perform(operation& op) const noexcept {
  if (!state_ || !state_->enter(op)) {
    return fail(errc::closed);
  }
  op.result = detail::execute(op);
  state_->leave(op, moved_all(op));
  if (op.result == -EAGAIN) {
    return fail(std::make_error_code(std::errc::operation_would_block));
  }
  return outcome_of(op, false);
}

result<descriptor> descriptor::adopt(int fd) {
  if (const int error = weft::detail::sys::set_nonblocking(fd); error < 0) {
    return fail(std::error_code(-error, std::system_category()));
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

namespace {

/// Ends one more operation that waits; false when all have been seen to.
bool interrupt_one(detail::descriptor_state& state) noexcept {
  operation* found = nullptr;
  bool withdrawn = false;
  backend* home = nullptr;
  std::uint64_t tag = 0;
  {
    std::lock_guard hold(state.lock);
    for (const auto& side : state.sides) {
      for (operation* op = side.first; op && !found; op = op->next) {
        found = op->interrupted ? nullptr : op;
      }
    }
    if (!found) {
      return false;
    }
    found->interrupted = true;
    home = found->home;
    tag = found->tag;
    withdrawn = home->withdraw(*found);
  }
  if (withdrawn) {
    detail::complete(*found, -EBADF);
  } else {
    home->request_cancel(tag);
  }
  return true;
}

}  // namespace

void descriptor::close() noexcept {
  if (!state_) {
    return;
  }
  {
    std::lock_guard hold(state_->lock);
    if (state_->closing) {
      return;
    }
    state_->closing = true;
  }
  while (interrupt_one(*state_)) {
  }
  park::wait_token until_left;
  {
    std::lock_guard hold(state_->lock);
    if (state_->inside > 0) {
      until_left = state_->closer = park::begin_wait_uncancelable();
    }
  }
  if (until_left.who) {
    park::park(until_left, forever, "the operations on a closing descriptor");
  }
  weft::detail::sys::close(std::exchange(state_->fd, -1));
}

int descriptor::release() noexcept {
  if (!state_) {
    return -1;
  }
  backend* home = nullptr;
  {
    std::lock_guard hold(state_->lock);
    state_->closing = true;
    home = state_->home;
  }
  if (home) {
    home->forget(*state_);
  }
  const int fd = std::exchange(state_->fd, -1);
  detail::descriptor_state::dispose(*std::exchange(state_, nullptr));
  return fd;
}

bool descriptor::is_open() const noexcept {
  if (!state_) {
    return false;
  }
  std::lock_guard hold(state_->lock);
  return !state_->closing;
}

int descriptor::native_handle() const noexcept { return state_ ? state_->fd : -1; }

}  // namespace weft::io
