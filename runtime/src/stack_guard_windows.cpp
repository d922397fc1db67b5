#include <limits>

#include <windows.h>

#include "stack_guard.hpp"

// The system puts a guard below every stack that it makes, and moves it as the stack grows.

namespace weft::detail {

std::size_t page_size() noexcept {
  static const auto size = [] {
    SYSTEM_INFO system;
    GetSystemInfo(&system);
    return std::size_t{system.dwPageSize};
  }();
  return size;
}

guard_kind best_guard_kind() noexcept {
  return guard_kind::protection;
}

guard_budget& guard_budget::of_process() noexcept {
  static guard_budget unlimited(std::numeric_limits<std::size_t>::max());
  return unlimited;
}

}  // namespace weft::detail
