#pragma once

#include "worker.hpp"

/// Which fiber a worker runs next; in a header because two hot paths ask.
namespace weft::detail {

/// Takes the fiber out of the slot, unless a rescuer was faster.
inline bool worker::take_slot(fiber* f) noexcept {
  if (!stealing_) {
    next_slot_.store(nullptr, std::memory_order_relaxed);
    return true;
  }
  return next_slot_.compare_exchange_strong(f, nullptr, std::memory_order_acq_rel);
}

inline fiber* worker::pick_local() noexcept {
  // At most this many in a row from the slot: two fibers that keep waking each other must not
  // starve the ring.
  constexpr std::uint32_t slot_limit = 16;
  if (fiber* f = next_slot_.load(std::memory_order_relaxed)) {
    if (take_slot(f)) {
      if (++slot_streak_ <= slot_limit) {
        return f;
      }
      push_back(f);
    }
  }
  slot_streak_ = 0;
  if (!mine_.empty() && (ticks_ & 1)) {
    return mine_.pop_front();
  }
  if (fiber* f = queue_.pop()) {
    return f;
  }
  return spilled_.empty() ? mine_.pop_front() : pop_spilled();
}

}  // namespace weft::detail
