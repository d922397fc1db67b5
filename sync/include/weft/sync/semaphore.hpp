#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <utility>

#include <weft/runtime/clock.hpp>
#include <weft/runtime/config.hpp>
#include <weft/runtime/detail/primitive_arm.hpp>
#include <weft/runtime/detail/wait_queue.hpp>
#include <weft/runtime/result.hpp>
#include <weft/sync/detail/guarded_word.hpp>

namespace weft {

/// A number of permits, of which everyone takes some and gives them back.
///
///     weft::semaphore slots(10);
///     auto slot = slots.acquire();   // given back when `slot` goes
///     if (!slot) return weft::fail(slot.error());
///
/// Suspends: acquire() and its forms until there are enough permits for the caller and all who came
///   before. Permits that are released are handed to the first waiter; nobody overtakes.
/// Errors: `closed` after close(); `timed_out` after the call's own limit (zero or less is no
/// wait);
///   `operation_canceled` or `timed_out` when a scope around the caller ends. Permits that are
///   there are given out even then. A wait that fails has taken none.
/// Threads: any fiber or thread may call anything; who releases need not be who has acquired.
/// Lifetime: outlives its permit objects. May be destroyed by who got the last permit, if no one
/// else
///   waits, even while the release() is returning.
/// Cost: 16 bytes; uncontended acquire and release are one atomic each; no allocation ever.
class WEFT_API semaphore {
 public:
  class permit;

  /// Permits, of all acquired and free ones together, at most.
  static constexpr std::size_t max_permits = sizeof(std::size_t) < sizeof(std::uint64_t)
                                                 ? SIZE_MAX
                                                 : static_cast<std::size_t>(std::uint64_t{1} << 60);

  explicit constexpr semaphore(std::size_t permits) noexcept : word_(permits * one) {
    assert(permits <= max_permits && "a semaphore has 2^60 permits at most");
  }
  semaphore(const semaphore&) = delete;
  semaphore& operator=(const semaphore&) = delete;

  /// Takes n permits at once; asking for more than will ever be there waits for ever.
  result<permit> acquire(std::size_t n = 1) noexcept;
  result<permit> acquire_for(duration limit, std::size_t n = 1) noexcept;
  result<permit> acquire_until(time_point deadline, std::size_t n = 1) noexcept;
  /// acquire() that fails with `operation_would_block` instead of waiting, also where there are
  /// permits, but others wait for more.
  result<permit> try_acquire(std::size_t n = 1) noexcept;

  /// Adds n permits: new ones, or such as were acquired and forgotten. Never suspends.
  void release(std::size_t n = 1) noexcept;

  /// Lets no one acquire any more; who waits is told. Permits that are out can be given back.
  void close() noexcept;
  bool closed() const noexcept { return word_.load() & shut; }

  /// For select(): an acquire, whose outcome is a `result<permit>`.
  auto acquiring(std::size_t n = 1) noexcept {
    return detail::primitive_arm<semaphore, std::uint64_t>(*this, n);
  }

  /// Permits that are free. A snapshot, as is waiters().
  std::size_t available() const noexcept { return static_cast<std::size_t>(word_.load() / one); }
  std::size_t waiters() const noexcept;

 private:
  template <class Primitive>
  friend struct detail::arm_access;

  struct waiter : detail::wait_node {
    explicit waiter(std::uint64_t n) noexcept : need(n) {}

    const std::uint64_t need;
    bool refused = false;  // the semaphore was closed
  };

  static constexpr std::uint64_t queued = detail::guarded_word::lock_bit << 1;
  static constexpr std::uint64_t shut = queued << 1;
  static constexpr std::uint64_t one = detail::guarded_word::unit(2);

  bool take(waiter& node) noexcept;
  std::uint64_t serve(std::uint64_t state, detail::claimed_waiters& woken) noexcept;

  bool try_now(waiter& node) noexcept { return take(node); }
  bool enqueue(waiter& node) noexcept;
  void withdraw(waiter& node) noexcept;
  result<permit> outcome(waiter& node) noexcept;

  mutable detail::guarded_word word_;
  detail::wait_queue queue_;
};

/// Permits that someone holds, and gives back at the latest when this goes.
///
/// Threads: one owner at a time; may be moved to another fiber or thread.
class [[nodiscard]] semaphore::permit {
 public:
  permit() noexcept = default;
  permit(permit&& other) noexcept
      : from_(std::exchange(other.from_, nullptr)), count_(std::exchange(other.count_, 0)) {}
  permit& operator=(permit&& other) noexcept {
    if (this != &other) {
      release();
      from_ = std::exchange(other.from_, nullptr);
      count_ = std::exchange(other.count_, 0);
    }
    return *this;
  }
  ~permit() { release(); }

  /// Gives them back now. Does nothing the second time.
  void release() noexcept {
    if (const std::size_t n = forget()) {
      std::exchange(from_, nullptr)->release(n);
    }
  }

  /// Lets go of them without giving them back: the semaphore has so many fewer, until someone calls
  /// semaphore::release(). Returns how many.
  std::size_t forget() noexcept { return std::exchange(count_, 0); }

  /// How many it holds.
  std::size_t count() const noexcept { return count_; }

 private:
  friend class semaphore;
  permit(semaphore& from, std::size_t n) noexcept : from_(&from), count_(n) {}

  semaphore* from_ = nullptr;
  std::size_t count_ = 0;
};

inline result<semaphore::permit> semaphore::acquire(std::size_t n) noexcept {
  return acquire_until(forever, n);
}

inline result<semaphore::permit> semaphore::acquire_for(duration limit, std::size_t n) noexcept {
  return acquire_until(deadline_after(limit), n);
}

}  // namespace weft
