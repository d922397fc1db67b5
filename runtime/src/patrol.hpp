#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <vector>

#include <weft/runtime/clock.hpp>

namespace weft::detail {

class runtime_core;
class worker;

/// A look at all awake workers, about every millisecond, by one that sleeps but keeps watch (see
/// idle_workers.hpp) or, when none sleeps, by one that polls. It helps two kinds.
///
/// - A worker whose loop has not turned since the last look is *stuck* in a fiber that computes, or
///   the system has taken its processor away. Its timers, its completions and half its queue are
///   taken over.
/// - A worker whose queue was never empty since the last look is *behind*. A worker that has
/// nothing
///   of its own takes half.
///
/// A worker that merely has work is left alone: moving fibers costs more than it gains until they
/// have waited for a while.
class patrol {
 public:
  /// Short enough that a stuck worker delays no one by more than two or three milliseconds, long
  /// enough that looking costs less than half a per cent of a processor.
  static constexpr duration period = std::chrono::milliseconds(1);

  explicit patrol(runtime_core& core) noexcept : core_(core) {}
  patrol(const patrol&) = delete;
  patrol& operator=(const patrol&) = delete;

  /// Once the workers exist.
  void start();

  /// Looks, on `self`'s thread, if it is time and no one else does.
  void tick(worker& self, std::int64_t now) noexcept;

 private:
  struct sighting {
    std::uint32_t loops = 0;
    std::uint32_t drains = 0;
    bool awake = false;
  };

  void look_at(worker& peer, sighting& last, worker& self) noexcept;
  static void help(worker& peer, bool stuck, worker& self) noexcept;

  runtime_core& core_;
  std::atomic<std::int64_t> next_{0};  // no tick before this time
  std::atomic<bool> busy_{false};      // guards seen_: acquire and release around a tick
  std::vector<sighting> seen_;
};

}  // namespace weft::detail
