#include <thread>

#include <weft/runtime/detail/spinlock.hpp>

namespace weft::detail {

void spinlock::lock_slow() noexcept {
  constexpr int spins_before_yield = 100;
  for (int spins = 0;; ++spins) {
    // Reading before the swap keeps the line shared while the owner works.
    while (locked_.load(std::memory_order_relaxed)) {
      if (++spins > spins_before_yield) {
        std::this_thread::yield();
      } else {
        cpu_relax();
      }
    }
    if (try_lock()) {
      return;
    }
  }
}

}  // namespace weft::detail
