#pragma once

#include <cstdint>

#include <weft/runtime/config.hpp>
#include <weft/runtime/detail/atomic.hpp>

namespace weft::detail {

/// A word of state and a spinlock in one: the lowest bit is the lock, the others belong to the
/// user.
///
/// While the lock is held nobody else changes the state. So a fast path is one compare-and-swap
/// from a state without the lock bit, a slow path takes the lock, and both see all of each other's
/// changes, because there is only one word. unlock() publishes the new state by the very store that
/// releases the lock, and it is the last access: whom the new state tells that all is over may
/// destroy the word (an event was set, the last count went down) without waiting for unlock() to
/// return.
///
/// As with spinlock: a handful of instructions, no suspension, no system call, no code of the
/// user's.
class guarded_word {
 public:
  static constexpr std::uint64_t lock_bit = 1;
  /// Adds up to one in the bits above the first `flags` flags and the lock.
  static constexpr std::uint64_t unit(int flags) noexcept { return std::uint64_t{2} << flags; }

  explicit constexpr guarded_word(std::uint64_t state = 0) noexcept : word_(state) {}
  guarded_word(const guarded_word&) = delete;
  guarded_word& operator=(const guarded_word&) = delete;

  /// The state, and the lock bit while someone holds the lock. Acquire pairs with unlock() and
  /// change().
  std::uint64_t load() const noexcept { return word_.load(std::memory_order_acquire); }

  /// Replaces `seen`, which must not have the lock bit, by `next` (without it); on failure `seen`
  /// is what was found. May fail for no reason.
  [[nodiscard]] bool change(std::uint64_t& seen, std::uint64_t next) noexcept {
    return word_.compare_exchange_weak(seen, next, std::memory_order_acq_rel,
                                       std::memory_order_acquire);
  }

  /// Takes the lock and returns the state without its bit.
  std::uint64_t lock() noexcept {
    std::uint64_t seen = word_.load(std::memory_order_relaxed);
    if (!(seen & lock_bit) &&
        word_.compare_exchange_strong(seen, seen | lock_bit, std::memory_order_acquire,
                                      std::memory_order_relaxed)) {
      return seen;
    }
    return lock_slow();
  }

  /// Releases the lock with a new state. Release pairs with every acquire above.
  void unlock(std::uint64_t state) noexcept { word_.store(state, std::memory_order_release); }

 private:
  WEFT_API std::uint64_t lock_slow() noexcept;

  atomic<std::uint64_t> word_;
};

}  // namespace weft::detail
