#pragma once

#include <functional>
#include <memory>

#include <weft/runtime/clock.hpp>
#include <weft/runtime/config.hpp>

namespace weft {

/// What a worker sleeps in: the seam between the scheduler and the operating system's events.
///
/// Each worker owns one driver. The runtime knows no more of I/O than this.
class WEFT_API driver {
 public:
  driver() = default;
  driver(const driver&) = delete;
  driver& operator=(const driver&) = delete;
  virtual ~driver();

  /// Hands in what was submitted, makes the fibers of all completed operations runnable, and, when
  /// there are none, waits for one until `until` or wake(). `time_point::min()` never waits.
  /// May return early. Called by the owning worker's thread only.
  virtual void poll(time_point until) noexcept = 0;

  /// Makes the current or the next waiting poll() return. Any thread.
  virtual void wake() noexcept = 0;

  /// Does what a poll that never waits does, on behalf of an owner that is busy computing. Called
  /// by another worker's thread, at any time; returns at once when the owner is inside the driver.
  virtual void assist() noexcept;

  /// Whether it may make fibers runnable that do not wait for I/O, of its own accord. Unless it
  /// says no, deadlock reports take it for granted that any fiber may still be woken.
  virtual bool acts_by_itself() const noexcept { return true; }

  /// Tells implementations apart without RTTI: what the constructor was given.
  const void* family() const noexcept { return family_; }

 protected:
  explicit driver(const void* family) noexcept : family_(family) {}

 private:
  const void* const family_ = nullptr;
};

/// Makes the driver of worker number `index`. Called once per worker, on the thread that constructs
/// the runtime, before any fiber runs.
using driver_factory = std::move_only_function<std::unique_ptr<driver>(unsigned index)>;

}  // namespace weft
