#pragma once

#include <atomic>

#include <weft/runtime/config.hpp>

/// What a signal handler leaves to be done by a worker, because it must not do it itself: the
/// handler stores it and wakes a worker, whose next poll runs it, unless a fiber that asks whether
/// it is cancelled comes first.
namespace weft::detail {

using errand = void (*)() noexcept;

/// Null: nothing is left to do. Lock-free, so that handlers may store to it.
WEFT_API extern std::atomic<errand> errand_left;
static_assert(std::atomic<errand>::is_always_lock_free);

WEFT_API void run_errand() noexcept;

inline void run_errand_if_left() noexcept {
  // Relaxed: run_errand() takes it by an exchange.
  if (errand_left.load(std::memory_order_relaxed)) [[unlikely]] {
    run_errand();
  }
}

}  // namespace weft::detail
