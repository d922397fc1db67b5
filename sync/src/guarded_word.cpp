#include <thread>

#include <weft/sync/detail/guarded_word.hpp>

namespace weft::detail {

std::uint64_t guarded_word::lock_slow() noexcept {
  constexpr int spins_before_yield = 100;
  for (int spins = 0;;) {
    // Reading before the swap keeps the line shared while the owner works.
    std::uint64_t seen = word_.load(std::memory_order_relaxed);
    if (!(seen & lock_bit) &&
        word_.compare_exchange_weak(seen, seen | lock_bit, std::memory_order_acquire,
                                    std::memory_order_relaxed)) {
      return seen;
    }
    // After that the owner has probably lost its processor: help it to get one.
    if (++spins > spins_before_yield) {
      std::this_thread::yield();
    } else {
      cpu_relax();
    }
  }
}

}  // namespace weft::detail
