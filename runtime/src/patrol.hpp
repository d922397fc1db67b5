#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include <weft/runtime/clock.hpp>

namespace weft::detail {

class runtime_core;
class worker;

/// What the watch (see idle_workers.hpp) does at every tick: looks at the workers that are awake and
/// helps two kinds.
///
/// - A worker whose loop has not turned since the last tick is *stuck* in a fiber that computes, or
///   the system has taken its processor away. The watch takes over its timers, its completions and
///   half its queue.
/// - A worker whose queue was never empty since the last tick is *behind*. The watch takes half.
///
/// A worker that merely has work is left alone: moving fibers costs more than it gains until they
/// have waited for a tick.
class patrol {
 public:
  /// Short enough that a stuck worker delays no one by more than two or three milliseconds, long
  /// enough that looking costs less than half a per cent of a processor.
  static constexpr duration period = std::chrono::milliseconds(1);
  /// Ticks without anyone awake before the watch sleeps for good.
  static constexpr unsigned quiet_ticks = 20;

  patrol(runtime_core& core, worker& self);

  /// Forgets what was seen; for a watch that has just begun.
  void begin() noexcept;
  /// One tick. Returns whether it found work for the worker to run.
  bool tick() noexcept;
  /// Counts ticks without anyone awake.
  bool has_been_quiet() const noexcept { return quiet_ >= quiet_ticks; }

 private:
  struct sighting {
    std::uint32_t loops = 0;
    std::uint32_t drains = 0;
    bool awake = false;
  };

  bool help(worker& peer, bool stuck) noexcept;

  runtime_core& core_;
  worker& self_;
  std::vector<sighting> seen_;
  unsigned quiet_ = 0;
};

}  // namespace weft::detail
