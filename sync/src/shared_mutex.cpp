#include <weft/sync/shared_mutex.hpp>

/// State: the lock, `queued`, `writer`, the number of readers. Without a queue every change is one
/// compare-and-swap. While there is a queue, nobody gets in but its first waiters, to whom the lock
/// is handed: a writer, or all readers up to the next writer.
namespace weft {

using detail::guarded_word;

/// Whether someone who waits for nothing else may have it.
bool shared_mutex::is_free_for(access wants, std::uint64_t state) noexcept {
  return wants == access::shared ? !(state & writer) : state < writer;
}

std::uint64_t shared_mutex::granted(access wants, std::uint64_t state) noexcept {
  return wants == access::shared ? state + reader : state | writer;
}

bool shared_mutex::take(access wants) noexcept {
  std::uint64_t seen = word_.load();
  for (;;) {
    if (seen & guarded_word::lock_bit) {
      seen = word_.lock();
      word_.unlock(seen);
    }
    if ((seen & queued) || !is_free_for(wants, seen)) {
      return false;
    }
    if (word_.change(seen, granted(wants, seen))) {
      break;
    }
  }
  if (detail::lock_owners_are_noted()) {
    note_owner(wants);
  }
  return true;
}

result<void> shared_mutex::take_or_wait(access wants, detail::cancelable can,
                                        time_point until) noexcept {
  if (take(wants)) {
    return {};
  }
  assert((!detail::lock_owners_are_noted() ||
          owner_.load(std::memory_order_relaxed) != detail::owner_mark(detail::current_parker())) &&
         "a shared_mutex is locked again by its writer, who would wait for itself");
  detail::consume_budget();
  waiter self(wants);
  detail::awaited what(wants == access::shared ? "a shared_mutex, to read" : "a shared_mutex");
  what.shared = wants == access::shared;
  if (auto waited = detail::wait_in_queue(*this, self, can, until, what); !waited) {
    return waited;
  }
  if (detail::lock_owners_are_noted()) {
    note_owner(wants);
  }
  return {};
}

void shared_mutex::note_owner(access got) noexcept {
  if (got == access::exclusive) {
    owner_.store(detail::owner_mark(detail::current_parker()), std::memory_order_relaxed);
  }
  detail::note_hold(
      this, got == access::shared ? detail::hold_kind::shared : detail::hold_kind::exclusive);
}

bool shared_mutex::enqueue(waiter& node) noexcept {
  const std::uint64_t state = word_.lock();
  if ((state & queued) || !is_free_for(node.wants, state)) {
    queue_.push_back(node);
    word_.unlock(state | queued);
    return true;
  }
  word_.unlock(node.claim() ? granted(node.wants, state) : state);
  return false;
}

void shared_mutex::withdraw(waiter& node) noexcept {
  std::uint64_t state = word_.lock();
  detail::claimed_waiters woken;
  if (queue_.remove(node)) {
    state = serve(state, woken);
  }
  word_.unlock(state);
  woken.resume_all();
}

/// Hands the lock to the first waiters that may have it now; returns the state with them.
std::uint64_t shared_mutex::serve(std::uint64_t state, detail::claimed_waiters& woken) noexcept {
  state &= ~queued;
  while (auto* const first = static_cast<waiter*>(queue_.front())) {
    if (!is_free_for(first->wants, state)) {
      return state | queued;
    }
    queue_.remove(*first);
    if (first->claim()) {
      state = granted(first->wants, state);
      woken.add(*first);
    }
  }
  return state;
}

/// Gives back `share` of the lock: `writer`, or one `reader`.
void shared_mutex::release(std::uint64_t share) noexcept {
  std::uint64_t seen = word_.load();
  while (!(seen & guarded_word::lock_bit)) {
    const std::uint64_t rest = seen - share;
    if ((seen & queued) && rest < writer) {
      break;
    }
    if (word_.change(seen, rest)) {
      return;
    }
  }
  std::uint64_t state = word_.lock() - share;
  detail::claimed_waiters woken;
  state = serve(state, woken);
  word_.unlock(state);
  woken.resume_all();
}

void shared_mutex::lock() noexcept {
  (void)take_or_wait(access::exclusive, detail::cancelable::no, forever);
}
bool shared_mutex::try_lock() noexcept {
  return take(access::exclusive);
}
result<void> shared_mutex::lock_cancelable() noexcept {
  return take_or_wait(access::exclusive, detail::cancelable::yes, forever);
}
bool shared_mutex::try_lock_until(time_point deadline) noexcept {
  return take_or_wait(access::exclusive, detail::cancelable::yes, deadline).has_value();
}

void shared_mutex::unlock() noexcept {
  assert((word_.load() & writer) && "unlock() of a shared_mutex that no writer has locked");
  if (detail::lock_owners_are_noted()) {
    [[maybe_unused]] const std::uint32_t owner = owner_.load(std::memory_order_relaxed);
    assert((owner == detail::no_owner || owner == detail::owner_mark(detail::current_parker())) &&
           "unlock() of a shared_mutex by another fiber or thread than the one that locked it");
    owner_.store(detail::no_owner, std::memory_order_relaxed);
    detail::forget_hold(this, detail::hold_kind::exclusive);
  }
  release(writer);
}

void shared_mutex::lock_shared() noexcept {
  (void)take_or_wait(access::shared, detail::cancelable::no, forever);
}
bool shared_mutex::try_lock_shared() noexcept {
  return take(access::shared);
}
result<void> shared_mutex::lock_shared_cancelable() noexcept {
  return take_or_wait(access::shared, detail::cancelable::yes, forever);
}
bool shared_mutex::try_lock_shared_until(time_point deadline) noexcept {
  return take_or_wait(access::shared, detail::cancelable::yes, deadline).has_value();
}

void shared_mutex::unlock_shared() noexcept {
  assert(word_.load() >= reader && "unlock_shared() of a shared_mutex that no reader has locked");
  if (detail::lock_owners_are_noted()) {
    detail::forget_hold(this, detail::hold_kind::shared);
  }
  release(reader);
}

std::size_t shared_mutex::waiters() const noexcept {
  const std::uint64_t state = word_.lock();
  const std::size_t count = queue_.size();
  word_.unlock(state);
  return count;
}

}  // namespace weft
