#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include <weft/runtime/config.hpp>
#include <weft/runtime/detail/atomic.hpp>

#include "fiber.hpp"

namespace weft::detail {

/// A worker's ring of runnable fibers: one producer at the tail, its owner, and consumers at the
/// head, the owner and thieves. The algorithm is that of Go's scheduler.
///
/// Invariants: head <= tail <= head + capacity, as free-running 32-bit counters. The owner alone
/// writes tail_ and the cells; a cell in [head, tail) is not overwritten. A consumer reads cells
/// first and owns them only once its compare-and-swap of head_ succeeds; what it read in vain it
/// drops. A thief that sleeps through exactly 2^32 dequeues could be fooled; none does.
///
/// push() releases tail_; thieves acquire it, so they see the cells. Consumers release head_; the
/// owner acquires it before it reuses a cell.
class run_queue {
 public:
  static constexpr std::uint32_t capacity = 256;

  /// `shared`: whether anyone but the owner will ever call steal_half().
  explicit run_queue(bool shared) noexcept : shared_(shared) {}
  run_queue(const run_queue&) = delete;
  run_queue& operator=(const run_queue&) = delete;

  /// Owner. False when the ring is full.
  bool push(fiber* f) noexcept {
    const std::uint32_t tail = tail_.load(std::memory_order_relaxed);
    if (tail - head_.load(std::memory_order_acquire) >= capacity) {
      return false;
    }
    cells_[tail % capacity].store(f, std::memory_order_relaxed);
    tail_.store(tail + 1, std::memory_order_release);
    return true;
  }

  /// Owner. The oldest fiber, or null.
  fiber* pop() noexcept {
    std::uint32_t head = head_.load(std::memory_order_acquire);
    for (;;) {
      if (head == tail_.load(std::memory_order_relaxed)) {
        return nullptr;
      }
      fiber* f = cells_[head % capacity].load(std::memory_order_relaxed);
      if (!shared_) {
        head_.store(head + 1, std::memory_order_release);
        return f;
      }
      if (head_.compare_exchange_weak(head, head + 1, std::memory_order_acq_rel,
                                      std::memory_order_acquire)) {
        return f;
      }
    }
  }

  /// Owner: the fiber that pop() would return after `ahead` others, if thieves leave it there.
  fiber* peek(std::uint32_t ahead) const noexcept {
    const std::uint32_t head = head_.load(std::memory_order_relaxed);
    const std::uint32_t tail = tail_.load(std::memory_order_relaxed);
    return tail - head - 1 < capacity && tail - head > ahead
               ? cells_[(head + ahead) % capacity].load(std::memory_order_relaxed)
               : nullptr;
  }

  /// A thief's: moves the older half, as far as `own` has room, behind what is in `own`, and
  /// returns the first of them beside. Null when there was nothing.
  fiber* steal_half_into(run_queue& own) noexcept {
    const std::uint32_t own_tail = own.tail_.load(std::memory_order_relaxed);
    const std::uint32_t room = capacity - (own_tail - own.head_.load(std::memory_order_acquire));
    for (;;) {
      std::uint32_t head = head_.load(std::memory_order_acquire);
      const std::uint32_t tail = tail_.load(std::memory_order_acquire);
      const std::uint32_t size = tail - head;
      if (size == 0 || size > capacity) {  // more: head was stale
        if (size == 0) {
          return nullptr;
        }
        continue;
      }
      const std::uint32_t count = std::min(size - size / 2, room + 1);
      fiber* const first = cells_[head % capacity].load(std::memory_order_relaxed);
      for (std::uint32_t i = 1; i < count; ++i) {
        own.cells_[(own_tail + i - 1) % capacity].store(
            cells_[(head + i) % capacity].load(std::memory_order_relaxed),
            std::memory_order_relaxed);
      }
      if (head_.compare_exchange_strong(head, head + count, std::memory_order_acq_rel,
                                        std::memory_order_relaxed)) {
        own.tail_.store(own_tail + count - 1, std::memory_order_release);
        return first;
      }
    }
  }

  /// Anyone; a snapshot.
  std::uint32_t size() const noexcept {
    const std::uint32_t head = head_.load(std::memory_order_acquire);
    const std::uint32_t tail = tail_.load(std::memory_order_acquire);
    return tail - head > capacity ? 0 : tail - head;
  }
  bool empty() const noexcept { return size() == 0; }

 private:
  alignas(cache_line) atomic<std::uint32_t> head_{0};
  alignas(cache_line) atomic<std::uint32_t> tail_{0};
  const bool shared_;
  std::array<atomic<fiber*>, capacity> cells_{};
};

}  // namespace weft::detail
