#include <cassert>

#include <weft/sync/recursive_mutex.hpp>

namespace weft {

/// Relaxed: who reads itself has written that itself; any other value says the same, not the owner.
bool recursive_mutex::is_owner() const noexcept {
  return owner_.load(std::memory_order_relaxed) == &detail::current_parker();
}

void recursive_mutex::become_owner() noexcept {
  owner_.store(&detail::current_parker(), std::memory_order_relaxed);
  depth_ = 1;
}

result<void> recursive_mutex::take(detail::cancelable can, time_point until) noexcept {
  return mutex_.take() ? result<void>() : mutex_.lock_slow(can, until, "a recursive_mutex");
}

void recursive_mutex::lock() noexcept {
  if (is_owner()) {
    ++depth_;
    return;
  }
  (void)take(detail::cancelable::no, forever);
  become_owner();
}

bool recursive_mutex::try_lock() noexcept {
  if (is_owner()) {
    ++depth_;
    return true;
  }
  if (!mutex_.try_lock()) {
    return false;
  }
  become_owner();
  return true;
}

result<void> recursive_mutex::lock_cancelable() noexcept {
  if (is_owner()) {
    ++depth_;
    return {};
  }
  if (auto locked = take(detail::cancelable::yes, forever); !locked) {
    return locked;
  }
  become_owner();
  return {};
}

bool recursive_mutex::try_lock_until(time_point deadline) noexcept {
  if (is_owner()) {
    ++depth_;
    return true;
  }
  if (!take(detail::cancelable::yes, deadline)) {
    return false;
  }
  become_owner();
  return true;
}

void recursive_mutex::unlock() noexcept {
  assert(is_owner() && "unlock() of a recursive_mutex by another fiber or thread than its owner");
  if (--depth_ == 0) {
    owner_.store(nullptr, std::memory_order_relaxed);
    mutex_.unlock();
  }
}

}  // namespace weft
