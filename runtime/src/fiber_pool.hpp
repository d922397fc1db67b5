#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include <weft/runtime/detail/spinlock.hpp>

#include "fiber.hpp"

namespace weft::detail {

/// Free control blocks, last in, first out, linked by `next`.
class fiber_stack {
 public:
  void push(fiber* f) noexcept {
    f->next = top_;
    top_ = f;
    ++size_;
  }

  fiber* pop() noexcept {
    fiber* f = top_;
    if (f) {
      top_ = f->next;
      --size_;
    }
    return f;
  }

  std::size_t size() const noexcept { return size_; }

 private:
  fiber* top_ = nullptr;
  std::size_t size_ = 0;
};

/// All control blocks of a runtime. Blocks are constructed once, reused for ever and freed with the
/// pool: a stale wait_token always points at a parker.
///
/// Threads: any.
class fiber_pool {
 public:
  fiber_pool() = default;
  ~fiber_pool();
  fiber_pool(const fiber_pool&) = delete;
  fiber_pool& operator=(const fiber_pool&) = delete;

  /// Moves `count` blocks to `out`. Errors: std::bad_alloc, when none could be had.
  void take(std::size_t count, fiber_stack& out);
  /// Takes `count` blocks from `in`.
  void give(std::size_t count, fiber_stack& in) noexcept;

  /// Visits every block ever constructed, in use or not; the visitor must cope with both.
  template <class Visitor>
  void for_each(Visitor&& visit) {
    std::lock_guard hold(chunks_mutex_);
    for (const auto& c : chunks_) {
      // Pairs with the release in construct_one().
      const std::size_t constructed = c->constructed.load(std::memory_order_acquire);
      for (std::size_t i = 0; i < constructed; ++i) {
        visit(c->blocks[i]);
      }
    }
  }

  /// Where a walk over all blocks has come to.
  struct place {
    std::size_t chunk = 0;
    std::size_t block = 0;
  };
  /// The next blocks, in use or not, from `at` on, which it moves; fewer than there is room for:
  /// those were the last.
  std::size_t list(place& at, std::span<fiber*> blocks) noexcept;

 private:
  static constexpr std::size_t chunk_size = 3200;  // a little less than a mebibyte

  struct chunk {
    fiber* blocks = nullptr;
    std::atomic<std::size_t> constructed{0};
    ~chunk();
  };

  fiber* construct_one();
  void add_chunk();

  spinlock lock_;  // guards free_ and newest_
  fiber_stack free_;
  chunk* newest_ = nullptr;
  std::mutex chunks_mutex_;  // guards the vector; never taken under lock_
  std::vector<std::unique_ptr<chunk>> chunks_;
};

/// A worker's own free blocks. Owner thread only.
class fiber_cache {
 public:
  fiber* pop(fiber_pool& pool) {
    if (free_.size() == 0) {
      pool.take(batch, free_);
    }
    return free_.pop();
  }

  void push(fiber_pool& pool, fiber* f) noexcept {
    free_.push(f);
    if (free_.size() > capacity) {
      pool.give(capacity / 2, free_);
    }
  }

 private:
  static constexpr std::size_t batch = 64;
  static constexpr std::size_t capacity = 512;

  fiber_stack free_;
};

}  // namespace weft::detail
