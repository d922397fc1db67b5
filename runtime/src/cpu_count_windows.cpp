#include <bit>

#include <windows.h>

#include "cpu_count.hpp"

namespace weft::detail {

unsigned usable_cpus() noexcept {
  // A process that spans groups of processors has no mask of its own.
  DWORD_PTR allowed = 0;
  DWORD_PTR present = 0;
  if (GetActiveProcessorGroupCount() <= 1 &&
      GetProcessAffinityMask(GetCurrentProcess(), &allowed, &present) && allowed != 0) {
    return static_cast<unsigned>(std::popcount(allowed));
  }
  const DWORD active = GetActiveProcessorCount(ALL_PROCESSOR_GROUPS);
  return active == 0 ? 1 : static_cast<unsigned>(active);
}

}  // namespace weft::detail
