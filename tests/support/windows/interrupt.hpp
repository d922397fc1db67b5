#pragma once

#include <csignal>

#include <doctest/doctest.h>
#include <windows.h>

#include "support/child.hpp"

/// One header per system.
namespace weft::testing {

/// First thing in a program that will interrupt itself: nobody else shall hear of it, and all on a
/// console do. What it prints still goes where it went.
inline void hear_interrupts_alone() {
  static const bool has_own_console = [] {
    FreeConsole();
    return AllocConsole() &&
           SetConsoleCtrlHandler(nullptr, FALSE);  // ignored by inheritance, maybe
  }();
  REQUIRE(has_own_console);
}

/// What Ctrl-C does.
inline void interrupt_this_process() {
  REQUIRE(GenerateConsoleCtrlEvent(CTRL_C_EVENT, 0));
}

/// A signal that this process can send to itself once hear_interrupts_alone() was called, and hears
/// only where somebody listens.
inline constexpr int own_signal = SIGINT;
inline void send_own_signal() {
  interrupt_this_process();
}

/// Whether a child ended as one does that nobody else hears the interrupt of. In Wine 8 it ends
/// with no error.
inline bool was_interrupted(const child_outcome& ended) {
  return ended.exited_with(static_cast<int>(STATUS_CONTROL_C_EXIT)) || ended.exited_with(0);
}

}  // namespace weft::testing
