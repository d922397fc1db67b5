#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "deadlock_graph.hpp"

/// Whether fibers wait in vain: whether anything is left that could wake one.
///
/// Weft sees to it that it need not guess. Every thread of the process must be one that is known to
/// sleep until a fiber or a known thread wakes it: a worker in its driver, a thread of the blocking
/// pool without a job, one that waits by a parker, one that waits in runtime::run(), the one that
/// looks, a bystander. They are counted, and the system tells how many there are. Every live fiber
/// must be in a wait that names its object and has no end, and in no scope that has one. Then
/// nothing in the process goes on, and nothing outside is waited for.
///
/// All that is looked at twice, and each thing counts its changes: so it was all true at one
/// moment, and from then on it stays.
namespace weft::detail {

class runtime_core;

/// A thread that sleeps in wait_on_word() until the word is changed; see deadlock_watch.hpp.
struct resting_word {
  const std::atomic<std::uint32_t>* word = nullptr;
  std::uint32_t seen = 0;
};

/// What the workers and the other known threads do.
struct stillness {
  bool threads_rest = true;
  bool drivers_act = false;  // a driver of the user's may wake fibers by itself
  std::size_t threads = 0;
  std::uint64_t fibers = 0;
  std::vector<std::uint64_t> stamps;  // changes with each change of state

  friend bool operator==(const stillness&, const stillness&) = default;
};

stillness observe(const std::vector<runtime_core*>& cores, const std::vector<resting_word>& rests);

/// Threads of this process, without those that the kernel or a sanitizer runs in it. Nothing where
/// the system does not tell.
std::optional<std::size_t> count_threads();

/// What could still wake a fiber; nothing of it: they wait in vain.
struct census {
  std::uint64_t fibers = 0;
  std::size_t interrupts = 0;  // who cancel fibers when a signal asks the program to end
  std::uint64_t running = 0;   // fibers that run or are about to
  std::size_t outside = 0;     // waits that something outside may end
  std::size_t timed = 0;       // waits that end by themselves
  std::size_t deadlines = 0;   // waits in scopes that end, though the waits may not
  bool busy = false;           // threads of weft are at work, or drivers act by themselves
  std::optional<std::size_t> strangers = {};  // threads of which weft knows nothing

  bool is_in_vain() const noexcept {
    return fibers > 0 && running == 0 && outside == 0 && timed == 0 && deadlines == 0 && !busy &&
           strangers == 0U;
  }
};

/// All but `interrupts`. `extra`: threads that are neither in `still` nor in `waits` and wake
/// nobody.
census take_census(const stillness& still, const std::vector<wait_fact>& waits,
                   std::optional<std::size_t> threads, std::size_t extra);

}  // namespace weft::detail
