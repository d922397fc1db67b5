#pragma once

#include <functional>

namespace weft::c {

/// Calls `start`, which starts the library's threads, in such a way that they disturb no program.
///
/// Where there are signals, these threads and all that they start have them blocked but for those
/// that a thread raises itself: a program's signals belong to its own threads, whose waits they are
/// to interrupt, and its handlers must not find themselves on the stack of a fiber. SIGPROF passes,
/// for profilers. And the library is never unloaded under its threads: its linker sees to that, or
/// this does.
void start_own_threads(const std::function<void()>& start);

}  // namespace weft::c
