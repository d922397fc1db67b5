#pragma once

#include <array>
#include <cstddef>
#include <span>

#include <weft/runtime/config.hpp>
#include <weft/runtime/detail/spinlock.hpp>

#include "stack_guard.hpp"
#include "stack_slabs.hpp"

namespace weft::detail {

struct stack_pool_options {
  std::size_t default_size = std::size_t{256} * 1024;  ///< address space, the guard page included
  std::size_t keep_resident = 1024;                    ///< free stacks of each size that keep pages
  std::size_t high_water = std::size_t{16} * 1024;     ///< of these, below the top
  guard_kind guard = best_guard_kind();
  guard_budget* budget = &guard_budget::of_process();  ///< for guard_kind::protection
};

/// Counts of stacks, but for the bytes. A stack in a stack_cache counts as in use.
struct stack_statistics {
  std::size_t reserved_bytes = 0;  ///< address space of all slabs
  std::size_t in_use = 0;
  std::size_t free = 0;
  std::size_t free_resident = 0;  ///< free ones that keep pages
  std::size_t unguarded = 0;      ///< in use or free, without a guard
};

/// Stacks for fibers, cut from large mappings, lazily committed and reused.
///
/// Threads: any thread may call anything.
/// Errors: without address space or memory acquire() returns nullptr and a batch is short. Running
///   out of guards is no error: such stacks are counted, and mentioned once on stderr.
/// Lifetime: all stacks must be back before the pool is destroyed, which unmaps everything.
/// Cost: a pooled stack is a list operation on either side and, on release, a system call (400 ns)
///   that gives back what lies below the high-water mark. A new one is a guard installation; its
///   pages are committed as they are touched.
class stack_pool {
 public:
  explicit stack_pool(const stack_pool_options& options = {}) noexcept;
  ~stack_pool();
  stack_pool(const stack_pool&) = delete;
  stack_pool& operator=(const stack_pool&) = delete;

  /// A stack of at least this much address space. The default size is kept to the page, others are
  /// rounded up to a power of two, at least 16 KiB.
  [[nodiscard]] stack* acquire(std::size_t size) noexcept;
  /// Stacks of the default size; returns how many it got.
  [[nodiscard]] std::size_t acquire_batch(std::span<stack*> stacks) noexcept;

  void release(stack* returned) noexcept;
  /// Stacks of the default size.
  void release_batch(std::span<stack* const> stacks) noexcept;

  /// Gives all pages of all free stacks back to the system; the stacks stay usable.
  void trim() noexcept;

  /// Whether a stack is of the default size, and so may go into a stack_cache.
  [[nodiscard]] static bool is_default(const stack& s) noexcept { return s.size_class == 0; }

  [[nodiscard]] stack_statistics statistics() const noexcept;

 private:
  struct chain {
    stack* first = nullptr;
    std::size_t count = 0;

    void push(stack* s) noexcept;
    stack* pop() noexcept;  // nullptr: empty
  };
  struct size_class {
    stack_slabs slabs;
    chain resident;
    chain cold;
  };
  /// Class k > 0 holds stacks of 2^k pages; class 0 those of the default size.
  static constexpr std::size_t class_count = 32;

  [[nodiscard]] std::size_t class_of(std::size_t size) const noexcept;
  std::size_t take(size_class& from, std::span<stack*> stacks) noexcept;
  void put(size_class& to, chain returned) noexcept;

  const std::size_t keep_resident_;
  const std::size_t high_water_;
  mutable spinlock lock_;  // guards the chains and counts; never held across a system call
  std::size_t in_use_ = 0;
  std::size_t free_ = 0;
  std::array<size_class, class_count> classes_;
};

/// A worker's hot stacks of the default size, last in, first out.
///
/// Threads: the owner's only.
/// Lifetime: trim(pool, 0) before it is destroyed.
class stack_cache {
 public:
  static constexpr std::size_t capacity = 64;
  static constexpr std::size_t batch = 32;

  stack_cache() noexcept = default;
  ~stack_cache();
  stack_cache(const stack_cache&) = delete;
  stack_cache& operator=(const stack_cache&) = delete;

  /// nullptr: out of memory.
  [[nodiscard]] stack* pop(stack_pool& pool) noexcept {
    if (count_ == 0 && !refill(pool)) [[unlikely]] {
      return nullptr;
    }
    stack* const hottest = hot_[--count_];
#if WEFT_ASAN
    unpoison(*hottest);
#endif
    return hottest;
  }

  /// Takes stacks of the default size only.
  void push(stack_pool& pool, stack* returned) noexcept {
    if (count_ == capacity) [[unlikely]] {
      flush(pool, batch);
    }
    hot_[count_++] = returned;
  }

  /// Returns the coldest to the pool until at most this many are left.
  void trim(stack_pool& pool, std::size_t keep) noexcept;

  [[nodiscard]] std::size_t size() const noexcept { return count_; }

 private:
  bool refill(stack_pool& pool) noexcept;
  void flush(stack_pool& pool, std::size_t count) noexcept;

  std::size_t count_ = 0;
  std::array<stack*, capacity> hot_;
};

}  // namespace weft::detail
