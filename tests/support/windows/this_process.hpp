#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

// clang-format off: what comes second needs the first
#include <windows.h>
#include <psapi.h>
// clang-format on

/// What the system tells of the process that tests run in. One header per system.
namespace weft::testing {

inline std::size_t resident_bytes() {
  PROCESS_MEMORY_COUNTERS memory{};
  K32GetProcessMemoryInfo(GetCurrentProcess(), &memory, sizeof memory);
  return memory.WorkingSetSize;
}

/// Grows when threads of the process wake up, if not each time: the processor time that they have
/// used, in which Wine counts hundredths of a second. It tells nothing of switches and cycles.
inline std::uint64_t traces_of_waking() {
  const auto ticks = [](const FILETIME& time) {
    return (std::uint64_t{time.dwHighDateTime} << 32) | time.dwLowDateTime;
  };
  FILETIME began{};
  FILETIME ended{};
  FILETIME in_system{};
  FILETIME in_program{};
  GetProcessTimes(GetCurrentProcess(), &began, &ended, &in_system, &in_program);
  return ticks(in_system) + ticks(in_program);
}

inline DWORD_PTR processor_mask() {
  DWORD_PTR allowed = 0;
  DWORD_PTR present = 0;
  GetProcessAffinityMask(GetCurrentProcess(), &allowed, &present);
  return allowed;
}

/// How many descriptors it may have. Windows has no limit; in Wine each is one of the server's,
/// too, which all programs share.
inline std::size_t allow_all_descriptors() {
  return 4'200;
}

/// How many processors may be used.
inline unsigned allowed_processors() {
  return static_cast<unsigned>(std::popcount(processor_mask()));
}

/// Confines the process to one processor.
class on_one_processor {
 public:
  on_one_processor() : before_(processor_mask()) {
    SetProcessAffinityMask(GetCurrentProcess(), before_ & (~before_ + 1));
  }
  ~on_one_processor() { SetProcessAffinityMask(GetCurrentProcess(), before_); }
  on_one_processor(const on_one_processor&) = delete;
  on_one_processor& operator=(const on_one_processor&) = delete;

 private:
  const DWORD_PTR before_;
};

}  // namespace weft::testing
