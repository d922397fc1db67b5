#include <weft/sync/event.hpp>

/// State: the lock, `queued`, `happened`. Never both of the latter: who finds the event set takes
/// it or passes, and who sets it serves the queue first. Without a queue every change is one
/// compare-and-swap, and the store that lets waiters in is the last access.
namespace weft {

using detail::guarded_word;

void event::set() noexcept {
  std::uint64_t seen = word_.load();
  while (!(seen & (guarded_word::lock_bit | queued))) {
    // Also where it is set already: who passes must see what was done before this call.
    if (word_.change(seen, seen | happened)) {
      return;
    }
  }
  std::uint64_t state = word_.lock();
  detail::claimed_waiters woken;
  if (reset_ == event_reset::automatic) {
    if (detail::wait_node* const node = queue_.pop_claimed()) {
      woken.add(*node);
    } else {
      state |= happened;
    }
  } else {
    while (detail::wait_node* const node = queue_.pop_claimed()) {
      woken.add(*node);
    }
    state |= happened;
  }
  word_.unlock(queue_.empty() ? state & ~queued : state);
  woken.resume_all();
}

void event::reset() noexcept {
  std::uint64_t seen = word_.load();
  while (seen & happened) {
    if (seen & guarded_word::lock_bit) {
      seen = word_.lock();
      word_.unlock(seen & ~happened);
      return;
    }
    if (word_.change(seen, seen & ~happened)) {
      return;
    }
  }
}

bool event::try_wait() noexcept {
  std::uint64_t seen = word_.load();
  while (seen & happened) {
    if (reset_ == event_reset::manual) {
      return true;
    }
    if (seen & guarded_word::lock_bit) {
      seen = word_.lock();
      word_.unlock(seen & ~happened);
      return seen & happened;
    }
    if (word_.change(seen, seen & ~happened)) {
      return true;
    }
  }
  return false;
}

result<void> event::wait_until(time_point deadline) noexcept {
  detail::consume_budget();
  if (try_wait()) {
    return {};
  }
  waiter self;
  return detail::wait_in_queue(*this, self, detail::cancelable::yes, deadline, "an event");
}

bool event::enqueue(waiter& node) noexcept {
  std::uint64_t state = word_.lock();
  if (!(state & happened)) {
    queue_.push_back(node);
    word_.unlock(state | queued);
    return true;
  }
  if (node.claim() && reset_ == event_reset::automatic) {
    state &= ~happened;
  }
  word_.unlock(state);
  return false;
}

void event::withdraw(waiter& node) noexcept {
  const std::uint64_t state = word_.lock();
  queue_.remove(node);
  word_.unlock(queue_.empty() ? state & ~queued : state);
}

std::size_t event::waiters() const noexcept {
  const std::uint64_t state = word_.lock();
  const std::size_t count = queue_.size();
  word_.unlock(state);
  return count;
}

}  // namespace weft
