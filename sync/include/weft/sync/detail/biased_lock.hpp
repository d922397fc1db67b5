#pragma once

#include <atomic>
#include <cstdint>

#include <weft/runtime/config.hpp>
#include <weft/runtime/detail/atomic.hpp>
#include <weft/runtime/detail/spinlock.hpp>
#include <weft/runtime/detail/worker_access.hpp>

/// A spinlock that costs the worker which uses it all the time two plain stores instead of a
/// read-modify-write (2 ns and 10 ns here): what two fibers of one worker hand each other goes
/// through locks that no other thread wants.
///
/// The lock is in one of two modes, told by favourite_:
/// - null: spin_ is the lock, for everyone.
/// - a worker: that worker's thread holds the lock while inside_ is true. Everyone else takes spin_
///   and then revokes: sets favourite_ to null and waits until inside_ is false.
///
/// The favourite stores inside_ and then loads favourite_; the revoker stores favourite_ and then
/// loads inside_. One must see the other's store, and only the revoker pays for that: between its
/// two steps it makes the system run a memory barrier on every processor that runs a thread of this
/// process. So either the favourite's store was before the barrier, and the revoker sees it and
/// waits, or the favourite's load is after it and sees null.
///
/// Only the holder of spin_ writes favourite_. The worker itself becomes the favourite, when it has
/// taken the lock `patience_` times in a row. A revocation costs microseconds, so each doubles the
/// patience: on any pattern of use all revocations together cost no more than the
/// read-modify-writes did before them, and after a few the lock is an ordinary spinlock for good.
///
/// As with spinlock: a handful of instructions, no suspension, no code of the user's. unlock() does
/// not touch the lock after it has let go of it.
namespace weft::detail {

class biased_lock {
 public:
  constexpr biased_lock() noexcept = default;
  biased_lock(const biased_lock&) = delete;
  biased_lock& operator=(const biased_lock&) = delete;

 private:
  friend class biased_hold;

  static constexpr std::uint32_t first_patience = 1024;

  bool lock_as_favourite(const void* me) noexcept {
    if (favourite_.load(std::memory_order_relaxed) != me || !me) {
      return false;
    }
    inside_.store(true, std::memory_order_relaxed);
    // The compiler must keep the order; the processor's part is done by the revoker's barrier.
    std::atomic_signal_fence(std::memory_order_seq_cst);
    if (favourite_.load(std::memory_order_relaxed) == me) [[likely]] {
      return true;
    }
    unlock_as_favourite();
    return false;
  }

  /// Release pairs with the acquire in revoke().
  void unlock_as_favourite() noexcept { inside_.store(false, std::memory_order_release); }

  void lock_as_anyone(const void* me) noexcept {
    spin_.lock();
    if (favourite_.load(std::memory_order_relaxed)) [[unlikely]] {
      revoke();
    }
    if (me != latest_) {
      latest_ = me;
      in_a_row_ = 0;
    }
  }

  void unlock_as_anyone() noexcept {
    if (latest_ && ++in_a_row_ >= patience_) [[unlikely]] {
      favour();
    }
    spin_.unlock();
  }

  WEFT_API void favour() noexcept;
  WEFT_API void revoke() noexcept;

  atomic<const void*> favourite_{nullptr};
  atomic<bool> inside_{false};
  spinlock spin_;
  std::uint32_t patience_ = first_patience;  // this and below: guarded by spin_
  std::uint32_t in_a_row_ = 0;
  const void* latest_ = nullptr;
};

/// Holds a biased_lock, as std::unique_lock would. Does not outlast a suspension.
class biased_hold {
 public:
  /// `me` is the caller's worker_mark().
  biased_hold(biased_lock& lock, const void* me) noexcept : lock_(lock) { take(me); }
  explicit biased_hold(biased_lock& lock) noexcept : biased_hold(lock, worker_mark()) {}
  biased_hold(const biased_hold&) = delete;
  biased_hold& operator=(const biased_hold&) = delete;
  ~biased_hold() {
    if (mode_ != mode::none) {
      unlock();
    }
  }

  void unlock() noexcept {
    if (mode_ == mode::favourite) [[likely]] {
      lock_.unlock_as_favourite();
    } else {
      lock_.unlock_as_anyone();
    }
    mode_ = mode::none;
  }

  /// Takes the lock again, maybe on another thread than before.
  void lock() noexcept { take(worker_mark()); }

 private:
  enum class mode : std::uint8_t { none, favourite, anyone };

  void take(const void* me) noexcept {
    if (lock_.lock_as_favourite(me)) [[likely]] {
      mode_ = mode::favourite;
    } else {
      lock_.lock_as_anyone(me);
      mode_ = mode::anyone;
    }
  }

  biased_lock& lock_;
  mode mode_ = mode::none;
};

}  // namespace weft::detail
