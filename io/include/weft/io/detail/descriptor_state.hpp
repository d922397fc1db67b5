#pragma once

#include <array>
#include <cstdint>

#include <weft/io/operation.hpp>
#include <weft/runtime/config.hpp>
#include <weft/runtime/detail/parker.hpp>
#include <weft/runtime/detail/spinlock.hpp>

namespace weft::io::detail {

/// What all operations on one native handle share. Pooled and never unmapped, because a readiness
/// event may name a descriptor that was closed while the event was on its way.
///
/// Everything is guarded by `lock`. An operation is *inside* from enter() to leave(); the native
/// handle is closed by the last one out after close() began, so no call ever reaches a number that
/// the system has given to someone else.
class WEFT_API descriptor_state {
 public:
  descriptor_state() = default;
  descriptor_state(const descriptor_state&) = delete;
  descriptor_state& operator=(const descriptor_state&) = delete;

  static descriptor_state& open(int fd);
  /// Gives the object back; the native handle must be closed or released.
  static void dispose(descriptor_state& state) noexcept;

  /// Counts the caller in and tells the operation whether a call might not have to wait. False:
  /// closing has begun.
  bool enter(operation& op) noexcept;
  /// Counts it out. `exhausted`: it moved fewer bytes than it could, so the next one has to wait.
  void leave(operation& op, bool exhausted) noexcept;

  // Under the lock.
  void link(operation& op) noexcept;
  void unlink(operation& op) noexcept;
  /// The longest-waiting operation in a direction, off the queue, to be completed with -EAGAIN: its
  /// turn has come to try. Null: none.
  operation* take_first(direction d) noexcept;

  weft::detail::spinlock lock;
  bool closing = false;
  int fd = -1;
  unsigned inside = 0;

  // Readiness backends only; see readiness.cpp.
  struct readiness {
    bool maybe = true;          // a call might not have to wait
    std::uint32_t events = 0;   // counts them, to notice one between a call and its verdict
    operation* first = nullptr;
    operation* last = nullptr;
  };
  std::array<readiness, 2> sides;
  bool hung_up = false;
  backend* home = nullptr;  // whose poller the handle is registered with

  // Ring only: the last receive moved so much that the next one polls first.
  bool large_receives = false;

  weft::detail::wait_token closer;
  descriptor_state* next_free = nullptr;

  readiness& side(direction d) noexcept { return sides[static_cast<std::size_t>(d)]; }
};

}  // namespace weft::io::detail
