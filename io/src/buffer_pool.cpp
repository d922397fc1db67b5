#include "buffer_pool.hpp"

#include <array>
#include <atomic>
#include <mutex>
#include <new>

#include <weft/io/leased_buffer.hpp>
#include <weft/runtime/config.hpp>
#include <weft/runtime/detail/spinlock.hpp>

// A shelf is a stack of free buffers, so the next one out is the one whose bytes are most likely
// still in the cache. Threads are spread over a few shelves, that workers rarely meet at one; a
// buffer goes to the shelf of the thread that returns it, wherever it came from. What a full shelf
// does not take goes back to the system. Shelves live for ever: a lease may end after the runtime.

namespace weft::io::detail {

namespace {

constexpr std::size_t shelf_count = 8;
constexpr std::align_val_t alignment{weft::detail::cache_line};

template <std::size_t Room>
class shelf {
 public:
  std::byte* take() noexcept {
    const std::lock_guard hold(lock_);
    return count_ != 0 ? free_[--count_] : nullptr;
  }
  bool put(std::byte* buffer) noexcept {
    const std::lock_guard hold(lock_);
    if (count_ == Room) {
      return false;
    }
    free_[count_++] = buffer;
    return true;
  }

 private:
  weft::detail::spinlock lock_;
  std::size_t count_ = 0;
  std::array<std::byte*, Room> free_{};
};

struct alignas(weft::detail::cache_line) shelves {
  shelf<128> small;
  shelf<16> large;
};

constinit std::array<shelves, shelf_count> all;

/// The calling thread's. Not inlined, and no address of the thread-local leaves it: the fiber may
/// move to another thread between two calls.
WEFT_NOINLINE shelves& mine() noexcept {
  static constinit std::atomic<std::size_t> threads{0};
  static thread_local const std::size_t number = threads.fetch_add(1, std::memory_order_relaxed);
  return all[number % shelf_count];
}

}  // namespace

std::byte* take_buffer(std::size_t size) noexcept {
  shelves& here = mine();
  std::byte* const pooled = size == small_buffer ? here.small.take() : here.large.take();
  return pooled ? pooled : static_cast<std::byte*>(::operator new(size, alignment, std::nothrow));
}

void return_buffer(std::byte* buffer, std::size_t size) noexcept {
  shelves& here = mine();
  if (!(size == small_buffer ? here.small.put(buffer) : here.large.put(buffer))) {
    ::operator delete(buffer, alignment);
  }
}

}  // namespace weft::io::detail

namespace weft::io {

void leased_buffer::return_to_pool() noexcept {
  detail::return_buffer(std::exchange(begin_, nullptr), capacity_);
  data_ = nullptr;
  size_ = 0;
}

}  // namespace weft::io
