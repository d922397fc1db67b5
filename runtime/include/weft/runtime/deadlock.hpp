#pragma once

#include <cstdint>
#include <string>

#include <weft/runtime/config.hpp>

namespace weft {

/// Whether a runtime's fibers are watched for deadlocks; see docs/diagnosis.md.
///
/// What is found is written to standard error, once. Facts are kept from the construction of the
/// first runtime that watches until the process ends.
///
/// Cost: none for `off`. Otherwise each wait and each lock of a mutex writes to a table, and a
///   thread looks ten times a second: for tests and trial runs.
enum class deadlock_watch : std::uint8_t {
  from_environment,  ///< what the variable WEFT_DEADLOCK says: report, abort or off; else off
  off,
  report,  ///< writes what it finds
  abort,   ///< the same, and ends the process by abort() if a deadlock is certain
};

/// What find_deadlocks() has found.
struct deadlock_report {
  enum class verdict : std::uint8_t {
    none,      ///< or nothing can be known: no runtime watches
    possible,  ///< only what `text` names can end it: a cancellation, a signal, the caller
    certain,   ///< it cannot end
  };

  verdict found = verdict::none;
  /// The circles of those who wait for each other; then what every watched fiber, and every thread
  /// that waits by weft, waits for, who holds that, and what could still wake them. In lines.
  std::string text;
};

/// Looks for deadlocks now, among the fibers of all runtimes that watch.
///
/// Threads: any fiber or thread, at any time. Does not suspend; takes milliseconds where there are
///   many thousand fibers.
/// Errors: throws std::bad_alloc.
WEFT_API deadlock_report find_deadlocks();

/// A thread's promise that it wakes no fiber while this lives: nothing that it does can end a wait,
/// neither itself nor by a thread that it starts or wakes. For threads that write logs or count,
/// say. With any other thread in the process, weft cannot know that fibers wait in vain.
///
/// Threads: made and destroyed by the same plain thread.
class WEFT_API bystander {
 public:
  bystander() noexcept;
  ~bystander();
  bystander(const bystander&) = delete;
  bystander& operator=(const bystander&) = delete;
};

}  // namespace weft
