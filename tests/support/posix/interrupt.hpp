#pragma once

#include <csignal>

#include "support/child.hpp"

/// One header per system.
namespace weft::testing {

/// First thing in a program that will interrupt itself: nobody else shall hear of it.
inline void hear_interrupts_alone() {}

/// What Ctrl-C does.
inline void interrupt_this_process() {
  std::raise(SIGINT);
}

/// A signal that this process can send to itself once hear_interrupts_alone() was called, and hears
/// only where somebody listens.
inline constexpr int own_signal = SIGUSR1;
inline void send_own_signal() {
  std::raise(own_signal);
}

/// Whether a child ended as one does that nobody else hears the interrupt of.
inline bool was_interrupted(const child_outcome& ended) {
  return ended.was_killed_by(SIGINT);
}

}  // namespace weft::testing
