#pragma once

#include <string_view>

namespace weft::detail {

/// How many processors this process may really use: the affinity mask, limited by the CPU quota of
/// its control group and of all groups above it, or of its job on Windows, rounded up. At least 1.
[[nodiscard]] unsigned usable_cpus() noexcept;

/// The affinity mask alone; 0: unknown. Not on Windows.
[[nodiscard]] unsigned affinity_cpus() noexcept;

/// The quota alone, in whole processors, rounded up; 0: unlimited, or unknown. `root` is put in
/// front of every path that is read, so that a test can stage /proc and /sys. Not on Windows.
[[nodiscard]] unsigned quota_cpus(std::string_view root = {}) noexcept;

/// As many of the processors present as a job's rate comes to, in ten-thousandths of them all,
/// rounded up; of 0, which is no limit, 0. Only on Windows.
[[nodiscard]] unsigned cpus_of_rate(unsigned rate, unsigned present) noexcept;

}  // namespace weft::detail
