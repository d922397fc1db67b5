#pragma once

#include <atomic>
#include <cstddef>
#include <mutex>

#include <weft/runtime/config.hpp>
#include <weft/runtime/detail/spinlock.hpp>

#include "fiber.hpp"

namespace weft::detail {

/// A queue of fibers through their `next` field; a fiber is in one list or queue at a time.
class fiber_list {
 public:
  void push_back(fiber* f) noexcept { append(f, f, 1); }

  /// `first` ... `last` must be linked already.
  void append(fiber* first, fiber* last, std::size_t count) noexcept {
    last->next = nullptr;
    (last_ ? last_->next : first_) = first;
    last_ = last;
    size_ += count;
  }

  fiber* pop_front() noexcept {
    fiber* f = first_;
    if (f) {
      first_ = f->next;
      if (!first_) {
        last_ = nullptr;
      }
      --size_;
    }
    return f;
  }

  bool empty() const noexcept { return first_ == nullptr; }
  std::size_t size() const noexcept { return size_; }

 private:
  fiber* first_ = nullptr;
  fiber* last_ = nullptr;
  std::size_t size_ = 0;
};

/// A fiber_list that any thread may use: where outsiders put fibers and full rings spill.
///
/// size() is written under the lock and read without: seq_cst, because a pusher that finds every
/// worker awake relies on a worker that goes to sleep to look here after announcing it.
class shared_fiber_queue {
 public:
  void push(fiber* f) noexcept { push(f, f, 1); }
  void push(fiber* first, fiber* last, std::size_t count) noexcept {
    std::lock_guard hold(lock_);
    list_.append(first, last, count);
    size_.store(list_.size(), std::memory_order_seq_cst);
  }

  /// Takes up to `limit` from the front, appending them to `out`.
  std::size_t pop(std::size_t limit, fiber_list& out) noexcept {
    if (empty()) {
      return 0;
    }
    std::lock_guard hold(lock_);
    std::size_t taken = 0;
    for (; taken < limit && !list_.empty(); ++taken) {
      out.push_back(list_.pop_front());
    }
    size_.store(list_.size(), std::memory_order_seq_cst);
    return taken;
  }

  std::size_t size() const noexcept { return size_.load(std::memory_order_seq_cst); }
  bool empty() const noexcept { return size() == 0; }

 private:
  alignas(cache_line) spinlock lock_;
  fiber_list list_;
  std::atomic<std::size_t> size_{0};
};

}  // namespace weft::detail
