#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include <weft/runtime/config.hpp>

namespace weft::detail {

class runtime_core;
class worker;

/// Who sleeps, who must be woken, and who keeps watch.
///
/// No wake-up is lost: a worker announces its sleep (seq_cst) and then looks for work once more;
/// whoever makes work publishes it (seq_cst) and then looks for sleepers. None is paid for when the
/// target is awake: then no one is woken at all, for an awake worker looks at the shared queues
/// before it sleeps.
///
/// Work in a worker's own ring wakes nobody: on most loads the worker is done with it sooner than
/// another core could wake up (22 us here). Instead one sleeper, the *watch*, sleeps for
/// watch_period at most while anyone is awake, and helps who got stuck or stays behind; see
/// patrol.hpp. When all have slept for a while the watch sleeps for good, so an idle process costs
/// nothing, and the first to wake up wakes a new one.
class idle_workers {
 public:
  static constexpr unsigned max_workers = 256;

  explicit idle_workers(runtime_core& core) noexcept : core_(core) {}

  /// The worker's thread starts and ends its loop.
  void arrive() noexcept { awake_.fetch_add(1, std::memory_order_seq_cst); }
  void depart() noexcept { awake_.fetch_sub(1, std::memory_order_seq_cst); }

  /// Announces the sleep of an awake worker.
  void enter(unsigned index) noexcept;
  /// Ends it; called by the worker itself, whoever woke it.
  void leave(unsigned index) noexcept;

  bool is_idle(unsigned index) const noexcept {
    return sleeping_[index / 64].load(std::memory_order_seq_cst) >> (index % 64) & 1;
  }
  unsigned awake() const noexcept { return awake_.load(std::memory_order_seq_cst); }

  /// After work was put where any worker can take it.
  void shared_work_arrived() noexcept {
    if (awake() == 0) {
      wake_any();
    }
  }
  /// After work was put into the inbox of one worker.
  void work_arrived_for(unsigned index) noexcept {
    if (claim(index)) {
      wake(index);
    }
  }

  /// Takes the watch if it is free and someone else is awake. Called while idle.
  bool try_watch(unsigned index) noexcept;
  /// The watch is about to run fibers: another sleeper is woken to take over.
  void resign_watch() noexcept;
  /// The watch, awake, gives up because all others sleep. False, and it stays, if someone woke up.
  bool retire_watch(unsigned index) noexcept;
  /// Called by a worker that is about to run fibers again: wakes a sleeper when no one keeps watch.
  void ensure_watch() noexcept {
    if (watch_.load(std::memory_order_seq_cst) == nobody) {
      wake_any();
    }
  }

 private:
  static constexpr int nobody = -1;

  bool claim(unsigned index) noexcept;
  void wake_any() noexcept;
  void wake(unsigned index) noexcept;

  runtime_core& core_;
  // awake_ counts workers in their loop whose bit is clear; whoever clears a bit increments it.
  alignas(cache_line) std::atomic<unsigned> awake_{0};
  std::array<std::atomic<std::uint64_t>, max_workers / 64> sleeping_{};
  std::atomic<int> watch_{nobody};
};

}  // namespace weft::detail
