#include <system_error>

#include <weft/runtime/detail/holds.hpp>
#include <weft/sync/semaphore.hpp>

/// State: the lock, `queued`, `shut`, the free permits. Without a queue every change is one
/// compare-and-swap. While there is a queue permits are given to its first waiters only, as soon as
/// there are enough for the first: also when the first gives up, and who is behind it needs fewer.
namespace weft {

using detail::guarded_word;

/// Takes what the node needs, or finds the semaphore closed. False where the caller has to wait.
bool semaphore::take(waiter& node) noexcept {
  if (node.need > max_permits) {
    return false;
  }
  const std::uint64_t needed = node.need * one;
  std::uint64_t seen = word_.load();
  for (;;) {
    if (seen & guarded_word::lock_bit) {
      seen = word_.lock();
      word_.unlock(seen);
    }
    if (seen & shut) {
      node.refused = true;
      return true;
    }
    if ((seen & queued) || seen < needed) {
      return false;
    }
    if (word_.change(seen, seen - needed)) {
      return true;
    }
  }
}

result<semaphore::permit> semaphore::try_acquire(std::size_t n) noexcept {
  detail::consume_budget();
  waiter self(n);
  if (!take(self)) {
    return fail(std::make_error_code(std::errc::operation_would_block));
  }
  return outcome(self);
}

result<semaphore::permit> semaphore::acquire_until(time_point deadline, std::size_t n) noexcept {
  detail::consume_budget();
  waiter self(n);
  if (!take(self)) {
    if (auto waited =
            detail::wait_in_queue(*this, self, detail::cancelable::yes, deadline, "a semaphore");
        !waited) {
      return fail(waited.error());
    }
  }
  return outcome(self);
}

result<semaphore::permit> semaphore::outcome(waiter& node) noexcept {
  if (node.refused) {
    return fail(errc::closed);
  }
  if (detail::lock_owners_are_noted()) {
    detail::note_hold(this, detail::hold_kind::permit);
  }
  return permit(*this, static_cast<std::size_t>(node.need));
}

void semaphore::release(std::size_t n) noexcept {
  if (detail::lock_owners_are_noted()) {
    detail::forget_hold(this, detail::hold_kind::permit);
  }
  std::uint64_t seen = word_.load();
  assert(n <= max_permits && seen / one <= max_permits - n &&
         "semaphore::release() of more permits than a semaphore can have");
  while (!(seen & (guarded_word::lock_bit | queued))) {
    if (word_.change(seen, seen + n * one)) {
      return;
    }
  }
  detail::claimed_waiters woken;
  const std::uint64_t state = serve(word_.lock() + n * one, woken);
  word_.unlock(state);
  woken.resume_all();
}

/// Hands permits to the first waiters; returns the state without them.
std::uint64_t semaphore::serve(std::uint64_t state, detail::claimed_waiters& woken) noexcept {
  while (auto* const first = static_cast<waiter*>(queue_.front())) {
    if (first->need > state / one) {
      break;
    }
    queue_.remove(*first);
    if (first->claim()) {
      state -= first->need * one;
      woken.add(*first);
    }
  }
  return queue_.empty() ? state & ~queued : state | queued;
}

void semaphore::close() noexcept {
  std::uint64_t state = word_.lock() | shut;
  detail::claimed_waiters woken;
  while (auto* const node = static_cast<waiter*>(queue_.pop_claimed())) {
    node->refused = true;
    woken.add(*node);
  }
  word_.unlock(state & ~queued);
  woken.resume_all();
}

bool semaphore::enqueue(waiter& node) noexcept {
  std::uint64_t state = word_.lock();
  const bool refuses = state & shut;
  if (refuses || (!(state & queued) && state / one >= node.need)) {
    if (node.claim()) {
      node.refused = refuses;
      state -= refuses ? 0 : node.need * one;
    }
    word_.unlock(state);
    return false;
  }
  queue_.push_back(node);
  word_.unlock(state | queued);
  return true;
}

void semaphore::withdraw(waiter& node) noexcept {
  std::uint64_t state = word_.lock();
  detail::claimed_waiters woken;
  if (queue_.remove(node)) {
    state = serve(state, woken);
  }
  word_.unlock(state);
  woken.resume_all();
}

std::size_t semaphore::waiters() const noexcept {
  const std::uint64_t state = word_.lock();
  const std::size_t count = queue_.size();
  word_.unlock(state);
  return count;
}

}  // namespace weft
