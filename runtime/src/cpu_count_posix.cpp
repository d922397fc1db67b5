#include <algorithm>

#include "cpu_count.hpp"

namespace weft::detail {

unsigned usable_cpus() noexcept {
  const unsigned allowed = std::max(affinity_cpus(), 1U);
  const unsigned quota = quota_cpus();
  return quota == 0 ? allowed : std::min(allowed, quota);
}

}  // namespace weft::detail
