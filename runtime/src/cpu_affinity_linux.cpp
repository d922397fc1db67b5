#include <cerrno>
#include <cstddef>
#include <thread>

#include <sched.h>

#include "cpu_count.hpp"

namespace weft::detail {

unsigned affinity_cpus() noexcept {
  // The kernel refuses a mask smaller than its own.
  for (std::size_t bits = 1024; bits <= 1024 * 1024; bits *= 2) {
    cpu_set_t* const mask = CPU_ALLOC(bits);
    if (mask == nullptr) {
      break;
    }
    const std::size_t size = CPU_ALLOC_SIZE(bits);
    const bool known = sched_getaffinity(0, size, mask) == 0;
    const int error = errno;
    const int count = known ? CPU_COUNT_S(size, mask) : 0;
    CPU_FREE(mask);
    if (count > 0) {
      return static_cast<unsigned>(count);
    }
    if (known || error != EINVAL) {
      break;
    }
  }
  return std::thread::hardware_concurrency();
}

}  // namespace weft::detail
