#include "socket_slot.hpp"

#include <array>
#include <atomic>
#include <new>

/// Slots live in chunks that are found through an array of pointers, so that no lock is needed to
/// find one, and the array itself is nothing but untouched zero pages until then.
namespace weft::dart::slots {

namespace {

constexpr std::uint32_t chunk_size = 256;
using chunk = std::array<socket_slot, chunk_size>;

constinit std::array<std::atomic<chunk*>, socket_slot::max_slots / chunk_size> chunks{};
constinit std::atomic<std::uint32_t> existing{0};

constinit std::mutex mutex;
constinit socket_slot* vacant = nullptr;  // guarded by `mutex`

/// Under the mutex.
bool grow() noexcept {
  const std::uint32_t first = existing.load(std::memory_order_relaxed);
  if (first == socket_slot::max_slots) {
    return false;
  }
  auto* made = new (std::nothrow) chunk;
  if (!made) {
    return false;
  }
  for (std::uint32_t i = chunk_size; i-- > 0;) {
    socket_slot& slot = (*made)[i];
    slot.index = first + i;
    slot.next_vacant = vacant;
    vacant = &slot;
  }
  chunks[first / chunk_size].store(made, std::memory_order_relaxed);
  // Pairs with the acquire in count(): whoever sees the number sees the chunk.
  existing.store(first + chunk_size, std::memory_order_release);
  return true;
}

}  // namespace

socket_slot* take() noexcept {
  std::lock_guard hold(mutex);
  if (!vacant && !grow()) {
    return nullptr;
  }
  socket_slot* taken = vacant;
  vacant = taken->next_vacant;
  return taken;
}

void give_back(socket_slot& slot) noexcept {
  std::lock_guard hold(mutex);
  slot.next_vacant = vacant;
  vacant = &slot;
}

std::uint32_t count() noexcept {
  return existing.load(std::memory_order_acquire);
}

socket_slot& at(std::uint32_t index) noexcept {
  return (*chunks[index / chunk_size].load(std::memory_order_relaxed))[index % chunk_size];
}

socket_slot* of(std::int64_t handle) noexcept {
  const auto index = static_cast<std::uint64_t>(handle) & (socket_slot::max_slots - 1);
  if (handle <= 0 || index >= count()) {
    return nullptr;
  }
  return &at(static_cast<std::uint32_t>(index));
}

}  // namespace weft::dart::slots
