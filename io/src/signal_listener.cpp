#include <mutex>

#include <weft/io/signal_listener.hpp>
#include <weft/runtime/explain.hpp>

#include "signal_hub.hpp"

namespace weft {

namespace detail {

void signal_queue::hear(int signal) noexcept {
  wait_token served;
  {
    const std::lock_guard hold(lock_);
    if (wait_node* const node = queue_.pop_claimed()) {
      static_cast<waiter*>(node)->signal = signal;
      served = node->token;
    } else {
      pending_.set(static_cast<std::size_t>(signal));
    }
  }
  if (served.who) {
    resume(served);
  }
}

/// Under the lock.
bool signal_queue::take_pending(waiter& node) noexcept {
  if (pending_.none()) {
    return false;
  }
  std::size_t lowest = 0;
  while (!pending_[lowest]) {
    ++lowest;
  }
  pending_.reset(lowest);
  node.signal = static_cast<int>(lowest);
  return true;
}

bool signal_queue::try_now(waiter& node) noexcept {
  const std::lock_guard hold(lock_);
  return take_pending(node);
}

bool signal_queue::enqueue(waiter& node) noexcept {
  const std::lock_guard hold(lock_);
  if (pending_.none()) {
    queue_.push_back(node);
    return true;
  }
  if (node.claim()) {
    take_pending(node);
  }
  return false;
}

void signal_queue::withdraw(waiter& node) noexcept {
  const std::lock_guard hold(lock_);
  queue_.remove(node);
}

result<int> signal_queue::try_take() noexcept {
  waiter taken;
  if (!try_now(taken)) {
    return fail(std::make_error_code(std::errc::operation_would_block));
  }
  return taken.signal;
}

result<int> signal_queue::take(time_point until) noexcept {
  consume_budget();
  waiter self;
  if (!try_now(self)) {
    if (auto waited = wait_in_queue(*this, self, cancelable::yes, until, "a signal"); !waited) {
      return fail(waited.error());
    }
  }
  return self.signal;
}

std::size_t signal_queue::waiters() const noexcept {
  const std::lock_guard hold(lock_);
  return queue_.size();
}

}  // namespace detail

void signal_listener::closer::operator()(detail::signal_queue* queue) const noexcept {
  detail::signal_hub::remove(*queue);
  delete queue;
}

result<signal_listener> signal_listener::open(std::span<const int> signals) {
  detail::signal_sink::signal_set wanted;
  for (const int signal : signals) {
    if (signal < 1 || static_cast<std::size_t>(signal) >= wanted.size()) {
      const auto error = std::make_error_code(std::errc::invalid_argument);
      detail::note_error(error, std::to_string(signal) + ": no signal has this number");
      return fail(error);
    }
    wanted.set(static_cast<std::size_t>(signal));
  }
  if (wanted.none()) {
    const auto error = std::make_error_code(std::errc::invalid_argument);
    detail::note_error(error, "a signal_listener needs a signal to listen for");
    return fail(error);
  }
  auto made = std::make_unique<detail::signal_queue>(wanted);
  if (auto added = detail::signal_hub::add(*made); !added) {
    return fail(added.error());
  }
  return signal_listener(owned_queue(made.release()));
}

}  // namespace weft
