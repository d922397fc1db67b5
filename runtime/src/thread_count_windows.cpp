// clang-format off: what comes second needs the first
#include <windows.h>
#include <tlhelp32.h>
// clang-format on

#include "deadlock_census.hpp"

// Threads that Windows itself runs in the process count, such as those of its thread pool: what the
// program has given them to do is not known. Those that have loaded the program's libraries end
// after half a minute without work, so that a deadlock from the beginning is found then.

namespace weft::detail {

std::optional<std::size_t> count_threads() {
  HANDLE const all = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
  if (all == INVALID_HANDLE_VALUE) {
    return std::nullopt;
  }
  std::optional<std::size_t> count;
  PROCESSENTRY32W process{};
  process.dwSize = sizeof process;
  for (BOOL more = Process32FirstW(all, &process); more && !count;
       more = Process32NextW(all, &process)) {
    if (process.th32ProcessID == GetCurrentProcessId()) {
      count = process.cntThreads;
    }
  }
  CloseHandle(all);
  return count;
}

}  // namespace weft::detail
