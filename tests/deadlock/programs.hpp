#pragma once

#include <span>
#include <string_view>

/// Programs that deadlock, and some that only look like it; `deadlock.programs <name>` runs one.
namespace weft::testing {

struct deadlock_program {
  std::string_view name;
  void (*run)();
};

std::span<const deadlock_program> lock_deadlocks();
std::span<const deadlock_program> wait_deadlocks();
std::span<const deadlock_program> live_programs();

}  // namespace weft::testing
