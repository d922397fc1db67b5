#include <windows.h>

#include "process_barrier.hpp"

namespace weft::detail {

bool has_process_barrier() noexcept {
  return true;
}

void process_barrier() noexcept {
  FlushProcessWriteBuffers();
}

}  // namespace weft::detail
