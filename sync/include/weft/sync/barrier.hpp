#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>

#include <weft/runtime/clock.hpp>
#include <weft/runtime/config.hpp>
#include <weft/runtime/detail/wait_queue.hpp>
#include <weft/runtime/result.hpp>
#include <weft/sync/detail/guarded_word.hpp>
#include <weft/sync/detail/late_waiter.hpp>

namespace weft {

/// Holds those who arrive until a fixed number has, then lets all go on together, round after
/// round.
///
/// Suspends: arrive_and_wait() and its forms, for all but the last to arrive.
/// Errors: `timed_out` after the call's own limit (zero or less is no wait); `operation_canceled`
/// or
///   `timed_out` when a scope around the caller ends. The last to arrive does not wait and succeeds
///   even then.
/// Cancellation: a wait that fails takes its arrival back. It does not break the barrier: the
/// others
///   wait for someone else to arrive in its place. A caller that is cancelled when all have arrived
///   already goes on with them, and its next wait fails.
/// Threads: any fiber or thread may call. What each did before is seen by all after.
/// Lifetime: may be destroyed by any of those who go on, if no one arrives any more, even while the
///   others are returning.
/// Cost: 24 bytes; a lock for each arrival; no allocation ever.
class WEFT_API barrier {
 public:
  /// For `parties` at a time, at least one.
  explicit constexpr barrier(std::size_t parties) noexcept : parties_(parties) {
    assert(parties > 0 && "a barrier for nobody");
  }
  barrier(const barrier&) = delete;
  barrier& operator=(const barrier&) = delete;

  /// Returns true to one of those who go on, the leader: the last to arrive.
  result<bool> arrive_and_wait() noexcept { return arrive_and_wait_until(forever); }
  result<bool> arrive_and_wait_for(duration limit) noexcept {
    return arrive_and_wait_until(deadline_after(limit));
  }
  result<bool> arrive_and_wait_until(time_point deadline) noexcept;

  std::size_t parties() const noexcept { return parties_; }
  /// How many have arrived and wait. A snapshot.
  std::size_t waiters() const noexcept { return static_cast<std::size_t>(word_.load() / one); }

 private:
  static constexpr std::uint64_t one = detail::guarded_word::unit(0);

  void let_all_go() noexcept;
  bool take_back(detail::late_waiter& arrival) noexcept;

  detail::guarded_word word_;  // counts who has arrived
  detail::wait_queue queue_;
  const std::size_t parties_;
};

}  // namespace weft
