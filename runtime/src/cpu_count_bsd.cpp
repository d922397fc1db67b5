#include <thread>

#include "cpu_count.hpp"

/// No control groups there, and of the processors that a process is confined to the C++ library
/// knows best.
namespace weft::detail {

unsigned affinity_cpus() noexcept {
  return std::thread::hardware_concurrency();
}

unsigned quota_cpus(std::string_view) noexcept {
  return 0;
}

}  // namespace weft::detail
