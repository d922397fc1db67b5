#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

/// Runs small concurrent programs over the library's real code through their interleavings, as
/// CHESS and loom do. CONTRIBUTING.md says how to write one and how to read what it finds.
///
/// A program is a function. It makes what it needs, calls together() once or more, and checks what
/// has come of it. The functions given to together() are model threads: contexts on one thread of
/// the system, of which one runs until the explorer lets another. It may do so before each access
/// to a weft::detail::atomic, where a thread parks, wakes or spins, and instead of a timed wait's
/// waker its deadline may come at any time.
///
/// Found are: an expect() that fails; a deadlock, where all wait and nobody has a deadline; a
/// livelock, more steps than a program can need; a wake-up that nobody has absorbed; memory that
/// was leaked, freed twice, or of which an atomic is used after it was freed; a waker that looks at
/// the wait of a thread that has ended, as if it were a fiber of another runtime, of which nothing
/// may be left by then. A failed assertion of the library ends the process, but prints the seed
/// first.
///
/// Not found: what weaker memory orders than seq_cst permit (ThreadSanitizer and the comments at
/// each atomic are for that), and races on data that is not atomic.
///
/// A program must do the same each time that it is scheduled the same: no random numbers, no true
/// clock, no state that is left over from the last run.
namespace weft::explore {

struct options {
  /// How many times a thread is made to stop where it could have gone on, or a deadline passes
  /// while someone could run.
  int preemptions = 2;
  /// Random schedules, without a bound, after those.
  std::uint64_t random_runs = 100;
  /// Gives up after so many.
  std::uint64_t most_runs = 4'000'000;
  /// More steps of one run are a livelock.
  std::uint32_t most_steps = 20'000;
  /// All threads are of one runtime, which outlives them: a waker may look at the wait of one that
  /// has ended.
  bool one_runtime = false;
};

struct failure {
  std::string what;
  std::string seed;   ///< for replay()
  std::string trace;  ///< who ran where
};

struct report {
  std::uint64_t runs = 0;
  std::uint64_t cut_short = 0;  ///< reached a state that was explored before
  bool complete = false;        ///< nothing was left out within the bound
  std::optional<failure> found;
};

using program = std::function<void()>;

/// All schedules within the bound, then some random ones, up to the first failure.
report explore(const program& body, const options& how = {});
/// The one schedule that the seed names.
report replay(const program& body, std::string_view seed, const options& how = {});

/// For programs.

/// Runs model threads 1, 2, ... to their ends.
void together(std::initializer_list<std::function<void()>> threads);
/// Ends the run as a failure when `holds` is false. `what` says what should be.
void expect(bool holds, const char* what);
/// Cancels all that the model thread waits for, now or later.
void cancel(int thread);
/// The number of the calling model thread; 0 outside of together().
int self() noexcept;

}  // namespace weft::explore
