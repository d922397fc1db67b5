#include <weft/sync/detail/countdown.hpp>

namespace weft::detail {

bool countdown::add(std::uint64_t n) noexcept {
  std::uint64_t seen = word_.load();
  for (;;) {
    if (seen & guarded_word::lock_bit) {
      seen = word_.lock();
      word_.unlock(seen);
    }
    if (n > most || seen / one > most - n) {
      return false;
    }
    if (word_.change(seen, seen + n * one)) {
      return true;
    }
  }
}

bool countdown::subtract(std::uint64_t n) noexcept {
  std::uint64_t seen = word_.load();
  while (!(seen & (guarded_word::lock_bit | queued))) {
    if (seen / one < n) {
      return false;
    }
    if (word_.change(seen, seen - n * one)) {
      return true;
    }
  }
  return subtract_slow(n);
}

bool countdown::subtract_slow(std::uint64_t n) noexcept {
  std::uint64_t state = word_.lock();
  if (state / one < n) {
    word_.unlock(state);
    return false;
  }
  state -= n * one;
  claimed_waiters woken;
  if (state < one) {
    while (wait_node* const node = queue_.pop_claimed()) {
      woken.add(*node);
    }
    state = 0;
  }
  word_.unlock(state);
  woken.resume_all();
  return true;
}

result<void> countdown::wait_until(time_point deadline, const char* what) noexcept {
  consume_budget();
  if (is_zero()) {
    return {};
  }
  waiter self;
  return wait_in_queue(*this, self, cancelable::yes, deadline, what);
}

bool countdown::enqueue(waiter& node) noexcept {
  const std::uint64_t state = word_.lock();
  if (state < one) {
    (void)node.claim();
    word_.unlock(state);
    return false;
  }
  queue_.push_back(node);
  word_.unlock(state | queued);
  return true;
}

void countdown::withdraw(waiter& node) noexcept {
  const std::uint64_t state = word_.lock();
  queue_.remove(node);
  word_.unlock(queue_.empty() ? state & ~queued : state);
}

std::size_t countdown::waiters() const noexcept {
  const std::uint64_t state = word_.lock();
  const std::size_t count = queue_.size();
  word_.unlock(state);
  return count;
}

}  // namespace weft::detail
