#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "fiber_pool.hpp"

namespace weft::detail {

/// Gives back the stack pages that long-parked fibers do not use: a connection that once went deep
/// and has been quiet since costs as little as one that never did.
///
/// It walks over all control blocks in small steps, one a millisecond at most, twice a second if
/// that suffices. A fiber that is found in the same wait in two passes has its pages below the
/// stack pointer discarded, once in that wait. No fiber does anything for that while it runs or
/// parks.
///
/// A parked fiber is kept from running meanwhile by its own hand-over flag. The sweeper puts the
/// open wait aside (wait_word::hold), so that nobody can claim it; finds on_cpu false, hence the
/// fiber is off its stack and in no queue; sets on_cpu as if it were a worker still leaving the
/// stack; and opens the wait again. Whoever claims it from now on sees on_cpu set, and whoever
/// takes the fiber from a queue waits until it is cleared: for one madvise.
///
/// Threads: any worker may call tick(); one at a time does something.
class stack_sweeper {
 public:
  explicit stack_sweeper(fiber_pool& fibers) noexcept : fibers_(fibers) {}
  stack_sweeper(const stack_sweeper&) = delete;
  stack_sweeper& operator=(const stack_sweeper&) = delete;

  /// A step, if it is time for one.
  void tick(std::int64_t now) noexcept;

  /// Not before this time is there something to do.
  std::int64_t next_tick() const noexcept { return next_.load(std::memory_order_relaxed); }
  /// How many passes have begun, and how many of them have ended.
  std::uint32_t begun() const noexcept { return begun_.load(std::memory_order_relaxed); }
  std::uint32_t ended() const noexcept { return ended_.load(std::memory_order_relaxed); }

 private:
  static void look_at(fiber& f) noexcept;

  fiber_pool& fibers_;
  std::atomic<std::int64_t> next_{0};
  std::atomic<std::uint32_t> begun_{0};
  std::atomic<std::uint32_t> ended_{0};
  std::atomic<bool> busy_{false};  // guards the rest, and fiber::swept: acquire and release
  fiber_pool::place at_;
  std::int64_t pass_began_ = 0;
};

}  // namespace weft::detail
