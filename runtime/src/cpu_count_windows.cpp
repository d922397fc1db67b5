#include <algorithm>
#include <bit>

#include <windows.h>

#include "cpu_count.hpp"

namespace weft::detail {

namespace {

unsigned present_cpus() noexcept {
  return std::max<DWORD>(GetActiveProcessorCount(ALL_PROCESSOR_GROUPS), 1);
}

unsigned masked_cpus() noexcept {
  // A process that spans groups of processors has no mask of its own.
  DWORD_PTR allowed = 0;
  DWORD_PTR present = 0;
  if (GetActiveProcessorGroupCount() <= 1 &&
      GetProcessAffinityMask(GetCurrentProcess(), &allowed, &present) && allowed != 0) {
    return static_cast<unsigned>(std::popcount(allowed));
  }
  return present_cpus();
}

/// What the job of this process may use, which is how containers are limited; 0: all there is.
unsigned job_rate() noexcept {
  JOBOBJECT_CPU_RATE_CONTROL_INFORMATION job{};
  if (!QueryInformationJobObject(nullptr, JobObjectCpuRateControlInformation, &job, sizeof job,
                                 nullptr) ||
      (job.ControlFlags & JOB_OBJECT_CPU_RATE_CONTROL_ENABLE) == 0) {
    return 0;
  }
  constexpr DWORD min_max_rate = 0x10;  // which MinGW's header lacks, as it does the two rates
  if ((job.ControlFlags & min_max_rate) != 0) {
    return HIWORD(job.CpuRate);
  }
  return (job.ControlFlags & JOB_OBJECT_CPU_RATE_CONTROL_HARD_CAP) != 0 ? job.CpuRate : 0;
}

}  // namespace

unsigned cpus_of_rate(unsigned rate, unsigned present) noexcept {
  constexpr unsigned long long whole = 10'000;
  return static_cast<unsigned>((rate * 1ULL * present + whole - 1) / whole);
}

unsigned usable_cpus() noexcept {
  const unsigned allowed = masked_cpus();
  const unsigned quota = cpus_of_rate(job_rate(), present_cpus());
  return quota == 0 ? allowed : std::min(allowed, quota);
}

}  // namespace weft::detail
