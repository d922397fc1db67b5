#include <weft/runtime/detail/errand.hpp>

#include "worker.hpp"

namespace weft::detail {

std::atomic<errand> errand_left{nullptr};

void run_errand() noexcept {
  // Acquire pairs with the handler's store: what it noted before is seen.
  const errand run = errand_left.exchange(nullptr, std::memory_order_acquire);
  if (!run) {
    return;
  }
  worker* const here = worker::current();
  if (here) {
    here->set_on_errand(true);
  }
  run();
  if (here) {
    here->set_on_errand(false);
  }
}

}  // namespace weft::detail
