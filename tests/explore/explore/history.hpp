#pragma once

#include <cstdint>
#include <vector>

#include <explore/atomic.hpp>

/// The partial order of a run's events, as hashes.
///
/// An event's hash covers its thread's event before it and those at its location that it must not
/// change places with: the last write and, for a write, all reads since. The state of a run is the
/// sum of its events' hashes. So runs that order independent events differently arrive at one
/// state, and a program's future depends on nothing else.
namespace weft::explore {

class history {
 public:
  /// What is known of an address. Survives runs: `readers` and `writers`, one bit a thread.
  struct location {
    std::uintptr_t at = 0;
    std::uint64_t run = 0;
    std::uint64_t written = 0;
    std::uint64_t reads = 0;
    std::uint32_t version = 0;
    std::uint8_t readers = 0;
    std::uint8_t writers = 0;

    /// Whether two threads use it, and one of them writes: then the order matters.
    bool is_shared() const noexcept {
      const auto users = static_cast<std::uint8_t>(readers | writers);
      return writers != 0 && (users & (users - 1)) != 0;
    }
  };

  history() : table_(1U << 14) {}

  /// Before each run.
  void begin() noexcept;
  /// By the thread, of which `own` is the last event. `alone`: no other can run meanwhile.
  void add(std::uint8_t thread, std::uint64_t& own, location& where, access what, bool alone);
  /// An event that concerns no other thread. Between two steps at which a thread may be stopped
  /// there is always an event: else the second would look like a state that was met before.
  void add(std::uint8_t thread, std::uint64_t& own) noexcept;

  location& at(const void* address);
  std::uint64_t state() const noexcept { return state_; }
  /// Whether a location has become shared since this was asked last.
  bool has_learnt() noexcept;

 private:
  std::vector<location> table_;
  std::uint64_t run_ = 0;
  std::uint64_t state_ = 0;
  std::size_t used_ = 0;
  bool learnt_ = false;
};

}  // namespace weft::explore
