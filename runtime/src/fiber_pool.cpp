#include "fiber_pool.hpp"

#include <new>

namespace weft::detail {

fiber_pool::chunk::~chunk() {
  for (std::size_t i = 0; i < constructed.load(std::memory_order_relaxed); ++i) {
    blocks[i].~fiber();
  }
  ::operator delete(blocks, std::align_val_t{cache_line});
}

fiber_pool::~fiber_pool() = default;

void fiber_pool::take(std::size_t count, fiber_stack& out) {
  std::unique_lock hold(lock_);
  for (std::size_t i = 0; i < count; ++i) {
    fiber* f = free_.pop();
    if (!f) {
      f = construct_one();
    }
    if (f) {
      out.push(f);
    } else if (i > 0) {
      return;
    } else {
      hold.unlock();
      add_chunk();
      hold.lock();
      --i;
    }
  }
}

void fiber_pool::give(std::size_t count, fiber_stack& in) noexcept {
  std::lock_guard hold(lock_);
  for (std::size_t i = 0; i < count; ++i) {
    free_.push(in.pop());
  }
}

fiber* fiber_pool::construct_one() {
  if (!newest_) {
    return nullptr;
  }
  const std::size_t index = newest_->constructed.load(std::memory_order_relaxed);
  if (index == chunk_size) {
    return nullptr;
  }
  fiber* f = ::new (static_cast<void*>(newest_->blocks + index)) fiber;
  // Release: for_each() must see a whole block.
  newest_->constructed.store(index + 1, std::memory_order_release);
  return f;
}

void fiber_pool::add_chunk() {
  // Allocation happens outside the spin lock; two threads that get here together add two chunks,
  // and the older one's blocks stay unused until then: rare and harmless but for memory, so the
  // second looks again first.
  std::lock_guard one_at_a_time(chunks_mutex_);
  {
    std::lock_guard hold(lock_);
    if (newest_ && newest_->constructed.load(std::memory_order_relaxed) < chunk_size) {
      return;
    }
  }
  auto added = std::make_unique<chunk>();
  added->blocks =
      static_cast<fiber*>(::operator new(chunk_size * sizeof(fiber), std::align_val_t{cache_line}));
  chunks_.push_back(std::move(added));
  std::lock_guard hold(lock_);
  newest_ = chunks_.back().get();
}

std::size_t fiber_pool::list(place& at, std::span<fiber*> blocks) noexcept {
  std::lock_guard hold(chunks_mutex_);
  std::size_t count = 0;
  while (count < blocks.size() && at.chunk < chunks_.size()) {
    const chunk& here = *chunks_[at.chunk];
    // Pairs with the release in construct_one().
    if (at.block < here.constructed.load(std::memory_order_acquire)) {
      blocks[count++] = &here.blocks[at.block++];
    } else {
      at = {.chunk = at.chunk + 1, .block = 0};
    }
  }
  return count;
}

}  // namespace weft::detail
