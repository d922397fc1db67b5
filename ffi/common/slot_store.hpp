#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <new>
#include <utility>

#include <weft/runtime/detail/spinlock.hpp>

/// Where the things are that handles name: for the C API's table and for the Dart bridge's.
///
/// A handle is the index of a slot and the generation of its tenant, 24 and 38 bits of a positive
/// number. What a slot holds, who may use it and when it changes tenants is for the tables to say;
/// here slots come from, and they are never freed: a stale handle always finds its slot.
///
/// They live in chunks that are found through an array of pointers, so that no lock is needed to
/// find one, and the array itself is nothing but untouched zero pages until then.
namespace weft::ffi {

inline constexpr unsigned index_bits = 24;
inline constexpr std::uint32_t most_slots = 1U << index_bits;
inline constexpr std::uint64_t last_generation = (std::uint64_t{1} << 38) - 1;

inline std::int64_t make_handle(std::uint64_t generation, std::uint32_t index) noexcept {
  return static_cast<std::int64_t>(generation << index_bits | index);
}

inline std::uint64_t generation_in(std::int64_t handle) noexcept {
  return static_cast<std::uint64_t>(handle) >> index_bits;
}

/// `Slot` has the members `index` and `next_vacant`, which is the store's own.
template <class Slot>
class slot_store {
 public:
  constexpr slot_store() noexcept = default;

  /// One that is vacant; null: all are taken, or out of memory.
  Slot* take() noexcept {
    do {
      std::lock_guard hold(lock_);
      if (vacant_) {
        return std::exchange(vacant_, vacant_->next_vacant);
      }
    } while (grow());
    return nullptr;
  }

  /// It is vacant again. What was written to it before is seen by whoever takes it next.
  void give_back(Slot& vacant) noexcept {
    std::lock_guard hold(lock_);
    vacant.next_vacant = std::exchange(vacant_, &vacant);
  }

  /// The slot that the handle is of, now or formerly; null: no slot's handle.
  Slot* of(std::int64_t handle) noexcept {
    const auto index = static_cast<std::uint64_t>(handle) & (most_slots - 1);
    return handle <= 0 || index >= count() ? nullptr : &at(static_cast<std::uint32_t>(index));
  }

  /// How many there are, vacant or not. Acquire pairs with the release in grow(): whoever sees the
  /// number sees the slots.
  std::uint32_t count() const noexcept { return existing_.load(std::memory_order_acquire); }
  Slot& at(std::uint32_t index) noexcept {
    return (*chunks_[index / chunk_size].load(std::memory_order_relaxed))[index % chunk_size];
  }

 private:
  static constexpr std::uint32_t chunk_size = 256;
  using chunk = std::array<Slot, chunk_size>;

  /// Two at a time may both do it: then the next ones have their slots, too.
  bool grow() noexcept {
    std::unique_ptr<chunk> made(new (std::nothrow) chunk);
    std::lock_guard hold(lock_);
    const std::uint32_t first = existing_.load(std::memory_order_relaxed);
    if (!made || first == most_slots) {
      return false;
    }
    for (std::uint32_t i = chunk_size; i-- > 0;) {
      Slot& slot = (*made)[i];
      slot.index = first + i;
      slot.next_vacant = std::exchange(vacant_, &slot);
    }
    chunks_[first / chunk_size].store(made.release(), std::memory_order_relaxed);
    existing_.store(first + chunk_size, std::memory_order_release);
    return true;
  }

  std::array<std::atomic<chunk*>, most_slots / chunk_size> chunks_{};
  std::atomic<std::uint32_t> existing_{0};
  // Not a mutex: not everywhere is there one that needs no code to run before it can be used.
  weft::detail::spinlock lock_;
  Slot* vacant_ = nullptr;  // guarded by `lock_`
};

}  // namespace weft::ffi
