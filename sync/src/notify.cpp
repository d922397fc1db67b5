#include <weft/sync/notify.hpp>

/// State: the lock, `queued`, `permit`; never both of the latter. Without a queue every change is
/// one compare-and-swap.
namespace weft {

using detail::guarded_word;

void notify::notify_one() noexcept {
  std::uint64_t seen = word_.load();
  while (!(seen & (guarded_word::lock_bit | queued))) {
    // Also where the permit is there already: who takes it must see what was done before this call.
    if (word_.change(seen, seen | permit)) {
      return;
    }
  }
  std::uint64_t state = word_.lock();
  detail::wait_node* const first = queue_.pop_claimed();
  state = queue_.empty() ? state & ~queued : state;
  word_.unlock(first ? state : state | permit);
  if (first) {
    detail::resume(first->token);
  }
}

void notify::notify_all() noexcept {
  if (!(word_.load() & (guarded_word::lock_bit | queued))) {
    return;
  }
  const std::uint64_t state = word_.lock();
  detail::claimed_waiters woken;
  while (detail::wait_node* const node = queue_.pop_claimed()) {
    woken.add(*node);
  }
  word_.unlock(state & ~queued);
  woken.resume_all();
}

bool notify::try_wait() noexcept {
  std::uint64_t seen = word_.load();
  for (;;) {
    if (seen & guarded_word::lock_bit) {
      seen = word_.lock();
      word_.unlock(seen & ~permit);
      return seen & permit;
    }
    if (!(seen & permit)) {
      return false;
    }
    if (word_.change(seen, seen & ~permit)) {
      return true;
    }
  }
}

result<void> notify::wait_until(time_point deadline) noexcept {
  detail::consume_budget();
  if (try_wait()) {
    return {};
  }
  waiter self;
  return detail::wait_in_queue(*this, self, detail::cancelable::yes, deadline, "a notify");
}

bool notify::enqueue(waiter& node) noexcept {
  const std::uint64_t state = word_.lock();
  if (!(state & permit)) {
    queue_.push_back(node);
    word_.unlock(state | queued);
    return true;
  }
  word_.unlock(node.claim() ? state & ~permit : state);
  return false;
}

void notify::withdraw(waiter& node) noexcept {
  const std::uint64_t state = word_.lock();
  queue_.remove(node);
  word_.unlock(queue_.empty() ? state & ~queued : state);
}

std::size_t notify::waiters() const noexcept {
  const std::uint64_t state = word_.lock();
  const std::size_t count = queue_.size();
  word_.unlock(state);
  return count;
}

}  // namespace weft
