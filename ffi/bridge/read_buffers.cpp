#include "read_buffers.hpp"

#include <array>
#include <atomic>
#include <bit>
#include <cstdlib>
#include <mutex>
#include <new>

#include <weft/runtime/detail/spinlock.hpp>

#include "limits.hpp"

/// Three sizes, a stack of free buffers for each. Sizes double, so a buffer that is handed over is
/// at least half full and the garbage collector, which is told the length, sees what is held.
namespace weft::dart {

class buffer_pool {
 public:
  static constexpr std::size_t largest = limits::read_size;
  static constexpr std::size_t smallest = 2 * limits::copied_read;

  read_buffer* take(std::size_t size) noexcept {
    const std::size_t capacity = std::bit_ceil(std::max(size, smallest));
    stack& from = stack_for(capacity);
    {
      std::lock_guard hold(from.lock);
      if (read_buffer* top = from.top) {
        from.top = top->next_;
        --from.count;
        return top;
      }
    }
    void* memory = std::aligned_alloc(read_buffer::header, read_buffer::header + capacity);
    return memory ? new (memory) read_buffer(capacity) : nullptr;
  }

  void put(read_buffer& free) noexcept {
    stack& to = stack_for(free.capacity_);
    {
      std::lock_guard hold(to.lock);
      if (to.count < kept_bytes / free.capacity_) {
        free.next_ = to.top;
        to.top = &free;
        ++to.count;
        return;
      }
    }
    std::free(&free);
  }

 private:
  static constexpr std::size_t kept_bytes = std::size_t{2} * 1024 * 1024;  // of each size, at most
  static constexpr std::size_t sizes = std::bit_width(largest / smallest);

  struct alignas(weft::detail::cache_line) stack {
    weft::detail::spinlock lock;
    read_buffer* top = nullptr;
    std::size_t count = 0;
  };

  stack& stack_for(std::size_t capacity) noexcept {
    return stacks_[std::bit_width(capacity / smallest) - 1U];
  }

  std::array<stack, sizes> stacks_;
};

namespace {

// Never destroyed: the VM runs finalizers until its very end.
constinit buffer_pool buffers;
constinit std::atomic<std::int64_t> lent_now{0};  // a count, and nothing is read by its leave

}  // namespace

read_buffer* read_buffer::take(std::size_t size) noexcept {
  return buffers.take(size);
}

void read_buffer::recycle() noexcept {
  buffers.put(*this);
}

void read_buffer::note_lent() noexcept {
  lent_now.fetch_add(1, std::memory_order_relaxed);
}

std::int64_t read_buffer::lent() noexcept {
  return lent_now.load(std::memory_order_relaxed);
}

void read_buffer::finalize(void*, void* peer) noexcept {
  lent_now.fetch_sub(1, std::memory_order_relaxed);
  static_cast<read_buffer*>(peer)->recycle();
}

}  // namespace weft::dart
