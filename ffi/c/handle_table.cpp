#include "handle_table.hpp"

#include <new>
#include <thread>
#include <utility>

#include "slot_store.hpp"

namespace weft::c {

namespace {

using detail::slot;

constexpr std::uint64_t pin = 1;
constexpr std::uint64_t pin_mask = (std::uint64_t{1} << 24) - 1;
constexpr std::uint64_t closing_bit = std::uint64_t{1} << 24;  // no longer open; on_close() is due
constexpr std::uint64_t open_bit = std::uint64_t{1} << 25;
constexpr unsigned generation_shift = 26;

constinit ffi::slot_store<slot> slots;

void drop(slot& s, std::uint64_t what) noexcept {
  // acq_rel: what was done with the object comes before its end, which is the last one's to bring.
  const std::uint64_t before = s.word.fetch_sub(what, std::memory_order_acq_rel);
  if ((before & pin_mask) != 1) {
    return;
  }
  delete std::exchange(s.what, nullptr);
  const std::uint64_t next = (before >> generation_shift) + 1;
  if (next > ffi::last_generation) {
    return;
  }
  // Nobody can pin it: it is not open. Release pairs with the acquire in open(), by way of the
  // store.
  s.word.store(next << generation_shift, std::memory_order_release);
  slots.give_back(s);
}

/// Makes the slot stale, and gives up the table's pin; false when it was already.
bool shut(slot& s, std::uint64_t generation) noexcept {
  std::uint64_t word = s.word.load(std::memory_order_relaxed);
  do {
    if (word >> generation_shift != generation || !(word & open_bit)) {
      return false;
    }
    // Acquire pairs with the release in open().
  } while (!s.word.compare_exchange_weak(word, (word & ~open_bit) | closing_bit,
                                         std::memory_order_acq_rel));
  s.what->on_close();
  drop(s, pin + closing_bit);
  return true;
}

}  // namespace

void detail::unpin(slot& s) noexcept {
  drop(s, pin);
}

weft_handle handles::open(std::unique_ptr<object> what) {
  slot* const s = slots.take();
  if (!s) {
    return slots.count() == ffi::most_slots ? WEFT_E_TOO_MANY_HANDLES : throw std::bad_alloc();
  }
  const std::uint64_t generation = s->word.load(std::memory_order_acquire) >> generation_shift;
  s->what = what.release();
  s->word.store(generation << generation_shift | open_bit | pin, std::memory_order_release);
  return ffi::make_handle(generation, s->index);
}

pinned<object> handles::find(weft_handle handle) noexcept {
  slot* const s = slots.of(handle);
  if (!s) {
    return {};
  }
  std::uint64_t word = s->word.load(std::memory_order_relaxed);
  do {
    if (word >> generation_shift != ffi::generation_in(handle) || !(word & open_bit)) {
      return {};
    }
    // Acquire pairs with the release in open().
  } while (!s->word.compare_exchange_weak(word, word + pin, std::memory_order_acquire,
                                          std::memory_order_relaxed));
  return pinned<object>(s);
}

bool handles::close(weft_handle handle) noexcept {
  slot* const s = slots.of(handle);
  return s && shut(*s, ffi::generation_in(handle));
}

void handles::close_all() noexcept {
  const std::uint32_t count = slots.count();
  for (std::uint32_t i = 0; i < count; ++i) {
    slot& s = slots.at(i);
    shut(s, s.word.load(std::memory_order_relaxed) >> generation_shift);
    // Another may have begun to close it, and needs the runtime to the end of that. Acquire pairs
    // with the release in drop().
    while (s.word.load(std::memory_order_acquire) & closing_bit) {
      std::this_thread::yield();
    }
  }
}

}  // namespace weft::c
