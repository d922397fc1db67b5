#pragma once

#include <atomic>

#include <weft/runtime/detail/lock_probe.hpp>

namespace weft::detail {

class fiber;

/// Null unless the program was linked with a trap.
extern std::atomic<lock_probe> installed_probe;

/// Ends the program if the fiber holds a lock of its thread's.
void refuse_held_lock(const fiber& self) noexcept;

/// Before the running fiber leaves its thread.
inline void check_held_locks(const fiber& self) noexcept {
  // Relaxed: set before the first fiber runs.
  if (installed_probe.load(std::memory_order_relaxed)) [[unlikely]] {
    refuse_held_lock(self);
  }
}

}  // namespace weft::detail
