#include <cerrno>
#include <csignal>
#include <utility>

#include <weft/io/detail/syscalls.hpp>
#include <weft/io/process.hpp>
#include <weft/runtime/cancel.hpp>

#include "child_state.hpp"

namespace weft::io {

namespace {

namespace sys = weft::detail::sys;

std::unexpected<std::error_code> refused(std::errc why) noexcept {
  return fail(std::make_error_code(why));
}

}  // namespace

std::string exit_status::to_string() const {
  return (by_signal_ ? "signal " : "exit code ") + std::to_string(number_);
}

namespace detail {

/// Under the lock.
result<exit_status> child_state::reap() noexcept {
  if (ended_) {
    return *ended_;
  }
  sys::child_end how{};
  const int done = is_lost_ ? -ECHILD : sys::reap(child_, how);
  is_lost_ = done == -ECHILD;
  if (done < 0) {
    return fail(sys::error_of(done));
  }
  if (done == 0) {
    return refused(std::errc::operation_would_block);
  }
  ended_ = how.by_signal ? exit_status::killed(how.number, how.dumped_core)
                         : exit_status::exited(how.number);
  return *ended_;
}

result<exit_status> child_state::try_wait() noexcept {
  const std::lock_guard hold(mutex_);
  return reap();
}

result<void> child_state::signal(int number) noexcept {
  const std::lock_guard hold(mutex_);
  if (ended_ || is_lost_) {
    return refused(std::errc::no_such_process);
  }
  const int sent = sys::signal_child(child_, number);
  return sent < 0 ? fail(sys::error_of(sent)) : result<void>();
}

void child_state::drop(std::unique_ptr<child_state> child) noexcept {
  const std::lock_guard hold(child->mutex_);
  const auto ended = child->reap();
  if (ended || child->is_lost_) {
    return;
  }
  if (child->kills_on_drop_) {
    sys::signal_child(child->child_, SIGKILL);
  }
  (void)child->watch_.release();
  clear_away(child->child_);
}

}  // namespace detail

process::process() noexcept = default;
process::process(process&& other) noexcept = default;

process::process(std::unique_ptr<detail::child_state> child) noexcept : child_(std::move(child)) {}

process& process::operator=(process&& other) noexcept {
  if (this != &other) {
    const process old(std::move(*this));
    child_ = std::move(other.child_);
    input_ = std::move(other.input_);
    output_ = std::move(other.output_);
    error_ = std::move(other.error_);
  }
  return *this;
}

process::~process() {
  if (child_) {
    detail::child_state::drop(std::move(child_));
  }
}

std::int64_t process::id() const noexcept {
  return child_ ? child_->number() : -1;
}

result<exit_status> process::try_wait() noexcept {
  return child_ ? child_->try_wait() : fail(errc::closed);
}

result<exit_status> process::wait() noexcept {
  for (;;) {
    const auto ended = try_wait();
    if (ended || ended.error() != std::errc::operation_would_block) {
      return ended;
    }
    operation op{.code = opcode::wait_readable};
    if (const auto waited = child_->watch().perform(op); !waited) {
      return fail(waited.error());
    }
  }
}

result<exit_status> process::wait_for(duration limit) noexcept {
  const timeout_scope own(limit);
  return wait();
}

result<exit_status> process::wait_until(time_point deadline) noexcept {
  const timeout_scope own(deadline);
  return wait();
}

result<void> process::signal(int number) noexcept {
  return child_ ? child_->signal(number) : fail(errc::closed);
}

result<void> process::terminate() noexcept {
  return signal(SIGTERM);
}

result<void> process::kill() noexcept {
  return signal(SIGKILL);
}

}  // namespace weft::io
