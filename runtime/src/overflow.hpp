#pragma once

#include <cstddef>
#include <cstdint>

namespace weft::detail {

/// What the overflow report says about the fiber that runs on the faulting thread.
struct fiber_brief {
  const char* name = nullptr;  ///< nullptr or empty: unnamed
  std::uint64_t id = 0;
  const char* file = nullptr;  ///< where it was spawned; nullptr: unknown
  unsigned line = 0;
  const std::byte* bottom = nullptr;  ///< usable range of its stack
  const std::byte* top = nullptr;
  std::size_t stack_size = 0;  ///< its address space, the guard page included
};

/// Fills in the fiber that the calling thread runs, or returns false if it runs none. Called in a
/// signal handler: must be async-signal-safe.
using describe_current = bool (*)(fiber_brief&) noexcept;

/// Tells the handler whom to ask; process-wide.
void set_fiber_describer(describe_current describe) noexcept;

/// Gives the thread a stack for signal handlers and, the first time in the process, installs the
/// handler that turns a fault in a stack's guard page into a readable report and abort(). Faults
/// elsewhere go to the handler that was there before. Under AddressSanitizer its own report follows
/// ours.
///
/// Threads: construct and destroy on the same thread, outside fibers.
/// Errors: without memory for the signal stack an overflow is a plain segmentation fault.
class overflow_guard {
 public:
  overflow_guard() noexcept;
  ~overflow_guard();
  overflow_guard(const overflow_guard&) = delete;
  overflow_guard& operator=(const overflow_guard&) = delete;

 private:
  void* memory_ = nullptr;  // the signal stack, a guard page below it included; nullptr: none
  std::size_t length_ = 0;
  void* previous_base_ = nullptr;
  std::size_t previous_length_ = 0;
  int previous_flags_ = 0;
};

}  // namespace weft::detail
