#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>

#include <weft/io/operation.hpp>
#include <weft/runtime/config.hpp>
#include <weft/runtime/detail/parker.hpp>
#include <weft/runtime/detail/spinlock.hpp>

namespace weft::io::detail {

struct poller_home;

/// Operations that wait, the longest-waiting first. Guarded by the descriptor's lock.
class operation_queue {
 public:
  operation* front() const noexcept { return first_.load(std::memory_order_relaxed); }
  bool is_empty() const noexcept { return !front(); }
  /// front(), without the lock: the operation may be gone already.
  const void* front_guess() const noexcept { return front(); }
  void push_back(operation& op) noexcept;
  /// Takes the operation out of the queue it is in, if it is in one.
  static void remove(operation& op) noexcept;

 private:
  std::atomic<operation*> first_{nullptr};  // for front_guess(); the lock orders everything else
  operation* last_ = nullptr;
};

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
  /// That poller is no more. Who waits for an event from it, fibers of other runtimes, tries again
  /// and waits elsewhere.
  static void forsake(const poller_home& home, std::uint64_t tenancy) noexcept;

  /// Counts the caller in and tells the operation whether a call might not have to wait. False:
  /// closing has begun.
  bool enter(operation& op) noexcept;
  /// The same for a user who performs no operation: keeps the native handle from being closed.
  bool enter() noexcept;
  void leave() noexcept;
  /// Counts it out. `exhausted`: it moved fewer bytes than it could, so the next one has to wait.
  void leave(operation& op, bool exhausted) noexcept;

  /// Under the lock: the longest-waiting operation in a direction, off its queue and held, to be
  /// completed with -EAGAIN: its turn has come to try. Null: none.
  operation* take_first(direction d) noexcept;
  /// Completes what take_first() returned. It may be gone when this returns.
  static void complete_taken(operation& op, std::ptrdiff_t result) noexcept;
  /// The last thing that whoever holds an operation does with it.
  static void let_go(operation& op) noexcept {
    op.held.store(false, std::memory_order_release);  // pairs with the acquire in take_back()
  }
  /// Under the lock, which is given up meanwhile: waits until nobody holds the operation. Then it
  /// is off its queue, and nobody will find it any more.
  static void take_back(operation& op, std::unique_lock<weft::detail::spinlock>& hold) noexcept;

  // What every operation touches is on the first cache line.
  alignas(weft::detail::cache_line) weft::detail::spinlock lock;
  bool closing = false;
  // The end, an error or an urgent mark may make a call move less than it could.
  bool cut_short = false;
  // The last receive moved so much that the next one polls first.
  bool large_receives = false;
  int fd = -1;
  unsigned inside = 0;
  // The last accept got a connection, so the next tries first: of a thousand that come at once one
  // a round through the ring, behind all that are served already, would take seconds.
  bool has_accepted = false;
  // Above 0, the next receive of a message tries first: in a burst the next one is there already.
  // Attempts in vain use it up; after some messages that had to be waited for, one more is made.
  signed char message_tries = 0;
  // IOCP: what completes at once is not reported to the port as well.
  bool skips_immediate = false;

  // Readiness backends only; see readiness.cpp.
  struct readiness {
    bool maybe = true;         // a call might not have to wait
    std::uint32_t events = 0;  // counts them, to notice one between a call and its verdict
    operation_queue waiting;
  };
  std::array<readiness, 2> sides;

  poller_home* home = nullptr;  // where the handle is registered, and ...
  // ... with which of those who have lived there. IOCP: the number of the completion port that the
  // handle belongs to; 0: none yet.
  std::uint64_t tenancy = 0;

  // Completion backends only: the kernel has these, and nobody else may complete them.
  operation_queue submitted;

  // Whoever waits in close(): the first for the operations to leave, the others for the first.
  struct closer {
    weft::detail::wait_token token;
    closer* next = nullptr;
  };
  weft::detail::wait_token first_closer;
  closer* other_closers = nullptr;
  descriptor_state* next_free = nullptr;

  readiness& side(direction d) noexcept { return sides[static_cast<std::size_t>(d)]; }

 private:
  void leave_home(const poller_home& from, std::uint64_t of_tenancy) noexcept;
};

}  // namespace weft::io::detail
