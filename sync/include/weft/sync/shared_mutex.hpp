#pragma once

#include <atomic>
#include <cassert>
#include <cstddef>
#include <cstdint>

#include <weft/runtime/clock.hpp>
#include <weft/runtime/config.hpp>
#include <weft/runtime/detail/wait_queue.hpp>
#include <weft/runtime/result.hpp>
#include <weft/sync/detail/guarded_word.hpp>
#include <weft/sync/detail/lock_owner.hpp>

namespace weft {

/// A lock that many readers may share, or one writer has alone.
///
/// Works with std::unique_lock and std::lock_guard for writers, std::shared_lock for readers.
///
/// Suspends: lock() and its forms while anyone owns it; lock_shared() and its forms while a writer
///   owns it or waits. First come, first served, readers next to each other in the queue together:
///   no one starves.
/// Cancellation: lock() and lock_shared() are not cancellation points; the other forms that wait
/// are. A
///   lock that is free is taken even in a cancelled scope.
/// Threads: any fiber or thread may call; who locked unlocks. A reader must not lock again, not
/// shared
///   either: a writer that waits in between would wait for the reader, and the reader for it.
/// Lifetime: may be destroyed once no one owns it or waits, even while the last unlock is
/// returning. Cost: 24 bytes; uncontended lock and unlock of either kind are one atomic each; no
/// allocation ever.
class WEFT_API shared_mutex {
 public:
  constexpr shared_mutex() noexcept = default;
  shared_mutex(const shared_mutex&) = delete;
  shared_mutex& operator=(const shared_mutex&) = delete;
  ~shared_mutex() { assert(word_.load() == 0 && "a shared_mutex is destroyed while locked"); }

  void lock() noexcept;
  [[nodiscard]] bool try_lock() noexcept;
  /// Errors: `operation_canceled` or `timed_out` when a scope around the caller ends first. Then
  /// the
  ///   caller does not own the lock.
  result<void> lock_cancelable() noexcept;
  /// False when the time has passed, or a scope around the caller has ended; check_cancel() tells.
  /// A time in the past or of less than zero only tries.
  [[nodiscard]] bool try_lock_for(duration limit) noexcept {
    return try_lock_until(deadline_after(limit));
  }
  [[nodiscard]] bool try_lock_until(time_point deadline) noexcept;
  void unlock() noexcept;

  void lock_shared() noexcept;
  [[nodiscard]] bool try_lock_shared() noexcept;
  /// Errors: as lock_cancelable().
  result<void> lock_shared_cancelable() noexcept;
  /// False as try_lock_for().
  [[nodiscard]] bool try_lock_shared_for(duration limit) noexcept {
    return try_lock_shared_until(deadline_after(limit));
  }
  [[nodiscard]] bool try_lock_shared_until(time_point deadline) noexcept;
  void unlock_shared() noexcept;

  /// How many wait, readers and writers. A snapshot.
  std::size_t waiters() const noexcept;

 private:
  template <class Primitive>
  friend struct detail::arm_access;

  enum class access : bool { exclusive, shared };
  struct waiter : detail::wait_node {
    explicit waiter(access a) noexcept : wants(a) {}
    const access wants;
  };

  static constexpr std::uint64_t queued = detail::guarded_word::lock_bit << 1;
  static constexpr std::uint64_t writer = queued << 1;
  static constexpr std::uint64_t reader = detail::guarded_word::unit(2);

  static bool is_free_for(access wants, std::uint64_t state) noexcept;
  static std::uint64_t granted(access wants, std::uint64_t state) noexcept;
  bool take(access wants) noexcept;
  result<void> take_or_wait(access wants, detail::cancelable can, time_point until) noexcept;
  void release(std::uint64_t share) noexcept;
  std::uint64_t serve(std::uint64_t state, detail::claimed_waiters& woken) noexcept;
  void note_owner(access got) noexcept;

  bool enqueue(waiter& node) noexcept;
  void withdraw(waiter& node) noexcept;

  mutable detail::guarded_word word_;
  detail::wait_queue queue_;
  std::atomic<std::uint32_t> owner_{detail::no_owner};  // the writer
};

}  // namespace weft
