#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>

#include "dart_api.hpp"
#include "socket_slot.hpp"

/// What is done to sockets, on the threads of callers and pollers alike. Unless it says otherwise,
/// a function here is called with the socket's lock held.
namespace weft::dart {

/// A socket under its lock. When it is let go, what its use has revealed is acted upon: the sockets
/// of an owner that turned out dead are closed, a listener whose loop was too far ahead goes on.
class held {
 public:
  /// The socket that the handle names, to be used; empty if it is none, or no longer one.
  static held by_handle(std::int64_t handle) noexcept;
  explicit held(socket_slot& slot) noexcept : slot_(&slot), lock_(slot.lock) {}
  held(held&&) noexcept = default;
  ~held();

  explicit operator bool() const noexcept { return slot_ != nullptr; }
  socket_slot& operator*() const noexcept { return *slot_; }
  socket_slot* operator->() const noexcept { return slot_; }

 private:
  held() noexcept = default;

  socket_slot* slot_ = nullptr;
  std::unique_lock<std::mutex> lock_;
  std::int64_t credited_ = 0;  // the listener to be told that this connection is in use
};

/// A vacant slot, locked without waiting for anyone who may be waiting: nobody knows its next
/// tenant yet, and whoever still asks for the last one is gone in a moment.
std::unique_lock<std::mutex> lock_fresh(socket_slot& slot) noexcept;

/// What a poller does for a socket that has events. Takes the lock.
void serve(socket_slot& slot, const poller& by) noexcept;

/// Answers a request of the socket's owner. The socket is orphaned if that cannot be done.
void reply(socket_slot& slot, std::int64_t id, std::int64_t result) noexcept;

/// Has serve() called when something happens to the socket. False: out of memory.
[[nodiscard]] bool await_events(socket_slot& slot) noexcept;
/// Has serve() called once more for what has happened already, after others had their turn.
void await_turn(socket_slot& slot) noexcept;
/// Nobody waited for what has happened. Stops watching if that goes on.
void note_idle_event(socket_slot& slot) noexcept;

// Requests, as the tcp_* functions of the same name: they return what those return.
std::int64_t start_read(socket_slot& slot, std::int64_t id) noexcept;
/// How the caller learns of a write that need not wait: by a message, or by what the call returns,
/// the total or a failure, and then none is posted.
enum class at_once : bool { posted, returned };
std::int64_t start_write(socket_slot& slot, std::int64_t id, std::span<const std::byte> data,
                         at_once how) noexcept;
std::int64_t start_close_write(socket_slot& slot, std::int64_t id) noexcept;
std::int64_t start_accept(socket_slot& slot, std::int64_t id) noexcept;
std::int64_t start_accept_loop(socket_slot& slot, port to) noexcept;

// What waits, as far as it can be done now.
void serve_reads(socket_slot& slot) noexcept;
void serve_writes(socket_slot& slot) noexcept;
void serve_accepts(socket_slot& slot) noexcept;
void serve_connect(socket_slot& slot) noexcept;

/// Whether so much is queued that no more may be.
bool is_overfull(const socket_slot& slot) noexcept;
/// Queues what the system does not take now. `to`: of a datagram.
std::int64_t queue_write(socket_slot& slot, std::int64_t id, std::int64_t total,
                         std::span<const std::byte> rest, const native_address& to = {}) noexcept;

/// Answers a request of this socket's that has not begun. False: there is none.
bool cancel_request(socket_slot& slot, std::int64_t id) noexcept;

/// Closes the socket, answers what was asked of it, makes the slot vacant.
void retire(socket_slot& slot) noexcept;
/// The same for one that nothing was asked of.
void vacate(socket_slot& slot) noexcept;
/// Throws away the first write, which is over, or another. Whether the next one's receiver has room
/// is not known then.
void drop_write(socket_slot& slot) noexcept;
void drop_write(socket_slot& slot, write_request& which) noexcept;

// Without any lock:

struct connect_to {
  native_address peer;
  native_address source;  // size 0: none
};
std::int64_t start_connect(port owner, std::int64_t id, const connect_to& where) noexcept;

/// Gives a connection in the making up. False: there is none.
bool cancel_connect(port owner, std::int64_t id) noexcept;

struct listen_at {
  native_address address;
  bool v6_only;
  int backlog;
  bool shared;
};
std::int64_t start_listen(port owner, std::int64_t id, const listen_at& where) noexcept;

/// Gives a socket that was opened a slot, and its handle to the owner.
enum class locality : bool { any, local };
std::int64_t begin(port owner, std::int64_t id, int fd, stage at,
                   std::unique_ptr<weft::detail::bound_path> file = {},
                   locality where = locality::any) noexcept;

/// `kind`: connected, or datagrams.
std::int64_t close_socket(std::int64_t id, std::int64_t handle, stage kind) noexcept;
enum class accepted_connections : bool { stay, close };
std::int64_t close_listener(std::int64_t id, std::int64_t handle,
                            accepted_connections accepted) noexcept;
/// Closes everything, and answers everybody.
void close_all() noexcept;

/// What there is, of all owners together.
struct census {
  std::int64_t sockets = 0;
  std::int64_t requests = 0;
  std::int64_t unsent = 0;  // bytes
};
census count_all() noexcept;

/// Closes what belongs to a port that takes no messages any more.
void close_port(port dead) noexcept;
/// Looks for such ports: after a hot restart the sockets are still there and their isolates are
/// not.
void sweep_dead_ports() noexcept;

/// The finalizer of a Dart object that stands for a socket, and what it needs; null: out of memory.
/// Such a finalizer may run in the middle of a garbage collection, so it leaves the closing to a
/// poller.
struct collected;
collected* expect_collection(std::int64_t handle) noexcept;
void forget_collection(collected* expected) noexcept;
void finalize_socket(void* isolate_data, void* peer) noexcept;
void bury_collected() noexcept;

}  // namespace weft::dart
