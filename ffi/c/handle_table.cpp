#include "handle_table.hpp"

#include <array>
#include <mutex>

namespace weft::c {

namespace {

using detail::slot;

constexpr std::uint64_t pin = 1;
constexpr std::uint64_t pin_mask = (std::uint64_t{1} << 25) - 1;
constexpr std::uint64_t open_bit = std::uint64_t{1} << 25;
constexpr unsigned generation_shift = 26;
constexpr std::uint64_t last_generation = (std::uint64_t{1} << 38) - 1;

constexpr std::uint32_t chunk_size = 256;
using chunk = std::array<slot, chunk_size>;

// Chunks are never freed: a stale handle always finds its slot. Untouched, the array costs nothing.
constinit std::array<std::atomic<chunk*>, handles::most / chunk_size> chunks{};
constinit std::atomic<std::uint32_t> existing{0};

constinit std::mutex mutex;
constinit slot* free_slots = nullptr;  // guarded by `mutex`

/// Under the mutex. Throws std::bad_alloc.
bool grow() {
  const std::uint32_t first = existing.load(std::memory_order_relaxed);
  if (first == handles::most) {
    return false;
  }
  auto* made = new chunk;
  for (std::uint32_t i = chunk_size; i-- > 0;) {
    (*made)[i].index = first + i;
    (*made)[i].next_free = std::exchange(free_slots, &(*made)[i]);
  }
  chunks[first / chunk_size].store(made, std::memory_order_relaxed);
  // Pairs with the acquire in at().
  existing.store(first + chunk_size, std::memory_order_release);
  return true;
}

slot* take() {
  std::lock_guard hold(mutex);
  if (!free_slots && !grow()) {
    return nullptr;
  }
  return std::exchange(free_slots, free_slots->next_free);
}

slot* at(std::uint64_t index) noexcept {
  if (index >= existing.load(std::memory_order_acquire)) {
    return nullptr;
  }
  return &(*chunks[index / chunk_size].load(std::memory_order_relaxed))[index % chunk_size];
}

slot* slot_of(weft_handle handle) noexcept {
  return handle <= 0 ? nullptr : at(static_cast<std::uint64_t>(handle) & (handles::most - 1));
}

std::uint64_t generation_in(weft_handle handle) noexcept {
  return static_cast<std::uint64_t>(handle) >> handles::index_bits;
}

/// Makes the slot stale, and pins it; false when it was already.
bool shut(slot& s, std::uint64_t generation) noexcept {
  std::uint64_t word = s.word.load(std::memory_order_relaxed);
  do {
    if (word >> generation_shift != generation || !(word & open_bit)) {
      return false;
    }
    // Acquire pairs with the release in open().
  } while (!s.word.compare_exchange_weak(word, word & ~open_bit, std::memory_order_acq_rel));
  s.what->on_close();
  detail::unpin(s);  // the table's
  return true;
}

}  // namespace

void detail::unpin(slot& s) noexcept {
  // acq_rel: what was done with the object comes before its end, which is the last one's to bring.
  const std::uint64_t before = s.word.fetch_sub(pin, std::memory_order_acq_rel);
  if ((before & pin_mask) != 1) {
    return;
  }
  delete std::exchange(s.what, nullptr);
  const std::uint64_t next = (before >> generation_shift) + 1;
  if (next > last_generation) {
    return;
  }
  // Nobody can pin it: it is not open. Release pairs with the acquire in open(), by way of the
  // mutex.
  s.word.store(next << generation_shift, std::memory_order_release);
  std::lock_guard hold(mutex);
  s.next_free = std::exchange(free_slots, &s);
}

weft_handle handles::open(std::unique_ptr<object> what) {
  slot* const s = take();
  if (!s) {
    return WEFT_E_TOO_MANY_HANDLES;
  }
  const std::uint64_t generation = s->word.load(std::memory_order_acquire) >> generation_shift;
  s->what = what.release();
  s->word.store(generation << generation_shift | open_bit | pin, std::memory_order_release);
  return static_cast<weft_handle>(generation << index_bits | s->index);
}

pinned<object> handles::find(weft_handle handle) noexcept {
  slot* const s = slot_of(handle);
  if (!s) {
    return {};
  }
  std::uint64_t word = s->word.load(std::memory_order_relaxed);
  do {
    if (word >> generation_shift != generation_in(handle) || !(word & open_bit)) {
      return {};
    }
    // Acquire pairs with the release in open().
  } while (!s->word.compare_exchange_weak(word, word + pin, std::memory_order_acquire,
                                          std::memory_order_relaxed));
  return pinned<object>(s);
}

bool handles::close(weft_handle handle) noexcept {
  slot* const s = slot_of(handle);
  return s && shut(*s, generation_in(handle));
}

void handles::close_all() noexcept {
  const std::uint32_t count = existing.load(std::memory_order_acquire);
  for (std::uint32_t i = 0; i < count; ++i) {
    slot& s = *at(i);
    shut(s, s.word.load(std::memory_order_relaxed) >> generation_shift);
  }
}

}  // namespace weft::c
