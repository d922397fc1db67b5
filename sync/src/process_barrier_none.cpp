#include "process_barrier.hpp"

/// For systems that have no such barrier: locks do without the bias that needs it.
namespace weft::detail {

bool has_process_barrier() noexcept {
  return false;
}

void process_barrier() noexcept {}

}  // namespace weft::detail
