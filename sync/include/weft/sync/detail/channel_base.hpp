#pragma once

#include <cstddef>

#include <weft/runtime/arm.hpp>
#include <weft/runtime/clock.hpp>
#include <weft/runtime/config.hpp>
#include <weft/runtime/detail/atomic.hpp>
#include <weft/runtime/detail/wait_queue.hpp>
#include <weft/runtime/result.hpp>
#include <weft/sync/detail/biased_lock.hpp>

namespace weft::detail {

/// All of a channel but its values; see channel_core.hpp.
class WEFT_API channel_base {
 public:
  std::size_t capacity() const noexcept { return capacity_; }
  /// Relaxed: a snapshot, and whoever may rely on more has it from elsewhere.
  std::size_t size() const noexcept { return size_.load(std::memory_order_relaxed); }
  bool closed() const noexcept { return closed_.load(std::memory_order_relaxed); }

 protected:
  explicit channel_base(std::size_t capacity) noexcept : capacity_(capacity) {}
  ~channel_base() = default;

  void resize(std::size_t size) noexcept { size_.store(size, std::memory_order_relaxed); }
  void set_closed() noexcept { closed_.store(true, std::memory_order_relaxed); }

  /// Waits in the queue until the node is served. Lets go of the lock.
  ///
  /// Out of line, and called by the functions that inline into the user's: each return after a
  /// switch to another fiber is mispredicted where the two have called from different places.
  result<void> wait(biased_hold& hold, wait_queue& queue, wait_node& node, time_point until,
                    const char* what) noexcept;
  /// Unlinks a node that was not served. True if it was.
  bool withdraw(wait_queue& queue, wait_node& node) noexcept;
  /// How an arm goes about it when the queue of partners is all that could make it ready.
  arm_step enlist(wait_queue& own, wait_node& node, wait_queue& partners,
                  wait_node*& partner) noexcept;

  const std::size_t capacity_;
  biased_lock lock_;

 private:
  atomic<bool> closed_{false};  // this and below: written under the lock
  atomic<std::size_t> size_{0};

 protected:
  wait_queue receivers_;
  wait_queue senders_;
};

}  // namespace weft::detail
