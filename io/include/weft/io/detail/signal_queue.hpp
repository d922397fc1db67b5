#pragma once

#include <cstddef>

#include <weft/io/detail/signal_sink.hpp>
#include <weft/runtime/clock.hpp>
#include <weft/runtime/config.hpp>
#include <weft/runtime/detail/spinlock.hpp>
#include <weft/runtime/detail/wait_queue.hpp>
#include <weft/runtime/result.hpp>

namespace weft::detail {

/// What a signal_listener owns: the signals that have come and were not taken, and who waits for
/// one. Never both.
class WEFT_API signal_queue final : public signal_sink {
 public:
  static constexpr bool served_by_fibers = false;

  explicit signal_queue(const signal_set& wanted) noexcept : signal_sink(wanted, kind::listener) {}

  void hear(int signal) noexcept override;

  result<int> try_take() noexcept;
  result<int> take(time_point until) noexcept;
  std::size_t waiters() const noexcept;

 private:
  template <class Primitive>
  friend struct arm_access;
  struct waiter : wait_node {
    int signal = 0;
  };

  bool try_now(waiter& node) noexcept;
  bool enqueue(waiter& node) noexcept;
  void withdraw(waiter& node) noexcept;
  int outcome(waiter& node) noexcept { return node.signal; }

  bool take_pending(waiter& node) noexcept;

  mutable spinlock lock_;  // guards all below
  signal_set pending_;
  wait_queue queue_;
};

}  // namespace weft::detail
