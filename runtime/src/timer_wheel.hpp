#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include <weft/runtime/config.hpp>
#include <weft/runtime/detail/spinlock.hpp>

namespace weft::detail {

class timer_wheel;

/// The two pointers by which a timer hangs in a ring.
struct timer_link {
  timer_link* next;
  timer_link* prev;
};

/// A timer, embedded in whatever waits; see fiber_timer.hpp.
///
/// Lifetime: may be destroyed or reused when idle: after disarm() has returned or the node was
///   collected.
struct timer_node : timer_link {
  // Not defaulted: timer_node{} would write the links, of which an idle one has none.
  timer_node() noexcept {}  // NOLINT(modernize-use-equals-default)

  std::atomic<timer_wheel*> home{nullptr};  ///< the wheel it is armed in, null when idle

 private:
  friend class timer_wheel;
  std::int64_t tick_ = 0;        ///< the deadline, rounded up
  const void* ahead_ = nullptr;  ///< a node further on in the ring, to prefetch; may dangle
};

/// All timers of one worker.
///
/// A timer never fires early, and at most one tick (65 us) late, not counting the owner's delay in
/// calling collect().
///
/// Threads: any thread may arm, disarm and read next_deadline(); collect() belongs to the owner, or
///   to a rescuer in its place.
/// Lifetime: outlives every node that was ever armed in it and every disarm() of one.
/// Cost: arm and disarm are O(1) under a spin lock; an expiry moves the node once per level that it
///   has to descend: at most once for deadlines within 4 s, twice within 18 minutes. 144 KiB a
///   wheel, written only as used; no allocation ever.
class timer_wheel {
 public:
  static constexpr std::int64_t no_deadline = std::numeric_limits<std::int64_t>::max();

  explicit timer_wheel(std::int64_t now_ns) noexcept;
  /// No timer may be armed any more.
  ~timer_wheel();
  timer_wheel(const timer_wheel&) = delete;
  timer_wheel& operator=(const timer_wheel&) = delete;

  /// Arms an idle node. A deadline in the past is due at the next collect().
  ///
  /// Returns whether next_deadline() has moved ahead: then a thread other than the owner must see
  /// to it that the owner does not sleep past it. The store and next_deadline()'s load are
  /// sequentially consistent: an owner that announces its sleep (seq_cst) and then reads, and a
  /// caller that arms and then looks for the announcement (seq_cst), cannot miss each other.
  bool arm(timer_node& node, std::int64_t deadline_ns) noexcept;

  /// Takes the node out of the wheel it is armed in, if any.
  ///
  /// Returns true if it was armed and now will not fire. In any case no wheel touches the node
  /// again once disarm() has returned.
  static bool disarm(timer_node& node) noexcept;

  /// A lower bound of the earliest expiry, no_deadline if there is none. Lock-free. Early only
  /// after a disarm(); the collect() that then finds nothing puts it right.
  [[nodiscard]] std::int64_t next_deadline() const noexcept {
    return next_.load(std::memory_order_seq_cst);  // pairs with the store in arm()
  }

  /// Takes due timers off, in the order of their ticks and, within a tick, of arming.
  ///
  /// Returns how many entries were written. The work under the lock is bounded: even where fewer
  /// than due.size() came, more are due while next_deadline() <= now_ns. The nodes are idle, so
  /// whoever armed one may have armed it anew, or destroyed it, by the time the caller looks at it.
  std::size_t collect(std::int64_t now_ns, std::span<timer_node*> due) noexcept;

  /// Timers armed now.
  [[nodiscard]] std::size_t size() const noexcept { return size_.load(std::memory_order_relaxed); }

 private:
  static constexpr int tick_bits = 16;
  static constexpr int slot_bits = 8;
  static constexpr std::size_t levels = 6;
  static constexpr std::size_t slots_per_level = std::size_t{1} << slot_bits;
  static constexpr std::size_t words_per_level = slots_per_level / 64;
  static constexpr std::size_t prefetch_distance = 8;
  static constexpr std::int64_t last_tick = no_deadline >> tick_bits;
  static_assert(levels * slot_bits >= 63 - tick_bits, "the top level must reach the last tick");

  enum class end : bool { front, back };

  /// Valid while its bit in occupied_ is set, and may be empty even then.
  struct slot {
    timer_link ring;
    std::int64_t earliest;  ///< lower bound of the ticks inside
    std::size_t placed;     ///< counts the nodes put in; its remainder indexes newest
    std::array<const void*, prefetch_distance> newest;
  };

  void place(timer_node& node, end where) noexcept;
  slot& occupy(std::size_t level, std::size_t digit) noexcept;
  void vacate(std::size_t level, std::size_t digit) noexcept;
  bool withdraw(timer_node& node) noexcept;
  bool advance(std::int64_t target) noexcept;
  void descend() noexcept;
  timer_node& fire() noexcept;
  [[nodiscard]] std::size_t first_digit(std::size_t level) const noexcept;
  [[nodiscard]] std::int64_t earliest_deadline() noexcept;

  alignas(cache_line) spinlock lock_;
  std::uint32_t occupied_levels_ = 0;
  std::int64_t current_;
  std::atomic<std::int64_t> next_{no_deadline};
  std::atomic<std::size_t> size_{0};
  timer_link ready_;
  timer_link descending_;
  std::array<std::array<std::uint64_t, words_per_level>, levels> occupied_{};
  std::array<slot, slots_per_level * levels> slots_;
};

}  // namespace weft::detail
