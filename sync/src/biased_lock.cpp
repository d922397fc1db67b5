#include <limits>
#include <thread>

#include <weft/sync/detail/biased_lock.hpp>

#include "process_barrier.hpp"

namespace weft::detail {

void biased_lock::favour() noexcept {
  if (patience_ == std::numeric_limits<std::uint32_t>::max() || !has_process_barrier()) {
    latest_ = nullptr;
    return;
  }
  in_a_row_ = 0;
  // Relaxed: the favourite is the caller itself, and others look under spin_.
  favourite_.store(latest_, std::memory_order_relaxed);
}

void biased_lock::revoke() noexcept {
  favourite_.store(nullptr, std::memory_order_relaxed);
  process_barrier();
  // Acquire pairs with the release in unlock_as_favourite().
  for (int spins = 0; inside_.load(std::memory_order_acquire); ++spins) {
    spins < 100 ? cpu_relax() : std::this_thread::yield();
  }
  latest_ = nullptr;
  patience_ = patience_ > std::numeric_limits<std::uint32_t>::max() / 2
                  ? std::numeric_limits<std::uint32_t>::max()
                  : patience_ * 2;
}

}  // namespace weft::detail
