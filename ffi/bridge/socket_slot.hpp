#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>

#include <weft/net/detail/bound_path.hpp>

#include "dart_api.hpp"
#include "request.hpp"
#include "slot_store.hpp"

/// The sockets that Dart has handles to.
///
/// Slots are recycled and never unmapped, so a stale handle, or an event that was on its way when
/// the socket was closed, finds another generation or a socket with nothing to do.
///
/// Everything in a slot but `index` and `next_vacant` is guarded by `lock`, and so are all calls on
/// its descriptor: a number that the system has given to someone else is never used. Messages are
/// posted under the lock, too: that is what keeps the answers of one socket in order. The VM's post
/// takes no lock of ours, and finalizers take none that is held across one.
///
/// Two of these locks are held together only by a listener that fills in the slot of a connection
/// it accepted, which nobody else knows yet.
namespace weft::dart {

class poller;

enum class stage : std::uint8_t { vacant, connecting, connected, listening, datagrams };
enum class watching : std::uint8_t { never, on, off };

class socket_slot {
 public:
  std::mutex lock;

  stage at = stage::vacant;
  watching watched = watching::never;
  /// The owner refused a message: the socket is to be closed, and others of that port.
  bool orphaned = false;
  /// Accepted by a loop and not used yet: counts in the listener's `unused`.
  bool is_unused = false;
  std::uint8_t idle_events = 0;
  int fd = -1;
  std::uint64_t generation = 1;
  port owner = no_port;
  poller* watcher = nullptr;

  request_queue waiting_in;  // reads; a listener's accepts
  request_queue waiting_out;
  std::size_t queued = 0;  // bytes in waiting_out
  std::unique_ptr<connect_request> connecting;

  // Of a connection that was accepted.
  std::int64_t accepted_through = 0;
  // Of a listener with an accept loop.
  port loop = no_port;
  unsigned unused = 0;
  // Of a Unix one: goes with it.
  std::unique_ptr<weft::detail::bound_path> file;
  // Of a Unix one for datagrams.
  bool is_local = false;
  int room = -1;  // a socket that tells when the first receiver has room again

  std::uint32_t index = 0;
  socket_slot* next_vacant = nullptr;  // the table's own

  std::int64_t handle() const noexcept { return ffi::make_handle(generation, index); }
};

/// All slots.
namespace slots {

/// A vacant slot; null: out of memory. The caller locks it, and must give it back or fill it in.
socket_slot* take() noexcept;
/// The slot must be vacant again. Any lock may be held.
void give_back(socket_slot& vacant) noexcept;

/// The slot that the handle would be in, now or formerly; null: no slot's handle.
socket_slot* of(std::int64_t handle) noexcept;

std::uint32_t count() noexcept;
socket_slot& at(std::uint32_t index) noexcept;

/// Does it with every socket, each under its lock. Those that begin meanwhile may be left out.
template <class F>
void for_each_tenant(F&& f) noexcept {
  for (std::uint32_t i = 0; i < count(); ++i) {
    socket_slot& slot = at(i);
    std::lock_guard hold(slot.lock);
    if (slot.at != stage::vacant) {
      f(slot);
    }
  }
}

}  // namespace slots

}  // namespace weft::dart
