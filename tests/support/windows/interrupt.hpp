#pragma once

#include <doctest/doctest.h>
#include <windows.h>

#include "support/child.hpp"

/// One header per system.
namespace weft::testing {

/// First thing in a child that will interrupt itself: nobody else shall hear of it, and all on a
/// console do. What it prints still goes where it went.
inline void hear_interrupts_alone() {
  FreeConsole();
  REQUIRE(AllocConsole());
  REQUIRE(SetConsoleCtrlHandler(nullptr, FALSE));  // may be ignored by inheritance
}

/// What Ctrl-C does.
inline void interrupt_this_process() {
  REQUIRE(GenerateConsoleCtrlEvent(CTRL_C_EVENT, 0));
}

/// Whether a child ended as one does that nobody else hears the interrupt of. In Wine 8 it ends
/// with no error.
inline bool was_interrupted(const child_outcome& ended) {
  return ended.exited_with(static_cast<int>(STATUS_CONTROL_C_EXIT)) || ended.exited_with(0);
}

}  // namespace weft::testing
