#include <weft/runtime/detail/errand.hpp>

namespace weft::detail {

std::atomic<errand> errand_left{nullptr};

void run_errand() noexcept {
  // Acquire pairs with the handler's store: what it noted before is seen.
  if (const errand run = errand_left.exchange(nullptr, std::memory_order_acquire)) {
    run();
  }
}

}  // namespace weft::detail
