#pragma once

#include <array>

/// The calls about child processes; see syscalls.hpp.
namespace weft::detail::sys {

struct child_start {
  const char* program;
  char* const* arguments;  ///< of these and the next the last is null
  char* const* environment;
  const char* directory;       ///< null: this process's
  std::array<int, 3> streams;  ///< above 2; -1: this process's
};

/// Starts a program and waits until it runs. Its number, or why it does not.
int start_child(const child_start& what) noexcept;

/// A child that nobody else waits for. Its number is not given to another before reap().
struct child {
  int number = -1;
  /// Becomes readable when it has ended, and stays so.
  int watch = -1;
  /// The system takes the watch for the number.
  bool is_named_by_watch = false;
};

/// Opens the watch. Waits for nothing.
int watch_child(child& which) noexcept;

struct child_end {
  int number;  ///< exit code or signal
  bool by_signal;
  bool dumped_core;
};

/// Takes note of its end: 1; 0: it runs still. ECHILD: somebody else has done that.
int reap(const child& which, child_end& how) noexcept;
int signal_child(const child& which, int signal) noexcept;
/// Ends one that has no watch, and waits until nothing is left of it.
void destroy_child(const child& which) noexcept;

/// This process's, the last one null.
char** environment() noexcept;

/// So that calls wait: the end of a pipe that a child gets, for it expects that.
int set_blocking(int fd) noexcept;

}  // namespace weft::detail::sys
