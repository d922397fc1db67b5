#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>

#include <weft/runtime/clock.hpp>
#include <weft/runtime/config.hpp>
#include <weft/runtime/detail/wait_queue.hpp>
#include <weft/runtime/result.hpp>
#include <weft/sync/detail/guarded_word.hpp>

namespace weft::detail {

/// A number and those who wait for it to become zero: what latch, wait_group and future share.
///
/// State: the lock, `queued`, the number. Without waiters each change is one compare-and-swap; the
/// one that makes it zero, and tells the waiters, is the last access.
class WEFT_API countdown {
 public:
  struct waiter : wait_node {};

  /// What a std::size_t can tell, up to 2^60.
  static constexpr std::uint64_t most =
      std::min<std::uint64_t>(std::uint64_t{1} << 60, std::numeric_limits<std::size_t>::max());

  explicit constexpr countdown(std::uint64_t count) noexcept : word_(count * one) {}

  std::size_t count() const noexcept { return static_cast<std::size_t>(word_.load() / one); }
  bool is_zero() const noexcept { return word_.load() < one; }

  /// False, and no change, where it would exceed `most`.
  [[nodiscard]] bool add(std::uint64_t n) noexcept;
  /// False, and no change, where it would fall below zero.
  [[nodiscard]] bool subtract(std::uint64_t n) noexcept;

  /// Waits until it is zero. `what` as in park().
  result<void> wait_until(time_point deadline, const char* what) noexcept;
  std::size_t waiters() const noexcept;

  // The hooks of arm_access.
  bool try_now(waiter&) const noexcept { return is_zero(); }
  bool enqueue(waiter& node) noexcept;
  void withdraw(waiter& node) noexcept;
  void outcome(waiter&) const noexcept {}

 private:
  static constexpr std::uint64_t queued = guarded_word::lock_bit << 1;
  static constexpr std::uint64_t one = guarded_word::unit(1);

  bool subtract_slow(std::uint64_t n) noexcept;

  mutable guarded_word word_;
  wait_queue queue_;
};

}  // namespace weft::detail
