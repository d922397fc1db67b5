#pragma once

#include <csignal>

namespace weft::c {

/// While it lives the calling thread has all signals blocked but those that it raises itself, and
/// so have, for good, the threads that are started meanwhile: a program's signals belong to its own
/// threads, whose waits they are to interrupt, and its handlers must not find themselves on the
/// stack of a fiber. SIGPROF passes, for profilers.
class signals_blocked {
 public:
  signals_blocked() noexcept;
  signals_blocked(const signals_blocked&) = delete;
  signals_blocked& operator=(const signals_blocked&) = delete;
  ~signals_blocked();

 private:
  sigset_t before_;
};

}  // namespace weft::c
