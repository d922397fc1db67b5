#include <cerrno>
#include <new>

#include <netinet/in.h>
#include <sys/socket.h>

#include <weft/io/detail/syscalls.hpp>

#include "codes.hpp"
#include "explaining.hpp"
#include "library.hpp"
#include "service.hpp"

/// Connects and listens: how sockets begin at their owner's wish.
namespace weft::dart {

namespace sys = weft::detail::sys;

namespace {

const sockaddr* name_of(const native_address& address) noexcept {
  return reinterpret_cast<const sockaddr*>(address.storage.data());
}

std::int64_t open_socket(const native_address& address, std::int64_t otherwise) noexcept {
  const int fd = sys::socket(name_of(address)->sa_family, SOCK_STREAM, 0);
  switch (fd) {
    case -EMFILE:
    case -ENFILE:
    case -ENOBUFS:
    case -ENOMEM:
      return code::explained(code::out_of_memory, fd);
    default:
      return fd < 0 ? code::explained(otherwise, fd) : fd;
  }
}

/// 0: connected; -EINPROGRESS: not yet; else the error. Safe to call again.
int try_connect(int fd, const native_address& peer) noexcept {
  const int result = sys::connect(fd, name_of(peer), peer.size);
  switch (result) {
    case -EISCONN:
      return 0;
    case -EALREADY:
      return -EINPROGRESS;
    default:
      return result;
  }
}

/// The connection within this machine is there when the call returns, but only the next call says
/// so.
int begin_connect(int fd, const native_address& peer) noexcept {
  const int result = try_connect(fd, peer);
  return result == -EINPROGRESS ? try_connect(fd, peer) : result;
}

void become_connected(socket_slot& slot, std::int64_t id) noexcept {
  slot.at = stage::connected;
  reply(slot, id, slot.handle());
}

/// Lets a slot go that will not be filled in.
std::int64_t give_up(socket_slot& slot, std::int64_t why) noexcept {
  vacate(slot);
  return why;
}

std::int64_t wait_for_connection(socket_slot& slot, std::int64_t id,
                                 const native_address& peer) noexcept {
  slot.at = stage::connecting;
  slot.connecting.reset(new (std::nothrow) connect_request);
  if (!slot.connecting || !await_events(slot)) {
    return give_up(slot, code::out_of_memory);
  }
  slot.connecting->id = id;
  slot.connecting->peer = peer;
  return code::ok;
}

int bind_to(int fd, const native_address& address) noexcept {
  return sys::bind(fd, name_of(address), address.size);
}

struct on_off {
  int level;
  int name;
  bool on;
};

bool set(int fd, const on_off& option) noexcept {
  const int value = option.on ? 1 : 0;
  return sys::set_option(fd, option.level, option.name, &value, sizeof value) == 0;
}

std::int64_t prepare_listener(int fd, const listen_at& where) noexcept {
  const bool is_v6 = name_of(where.address)->sa_family == AF_INET6;
  if (!set(fd, {SOL_SOCKET, SO_REUSEADDR, true}) ||
      (where.shared && !set(fd, {SOL_SOCKET, SO_REUSEPORT, true})) ||
      (is_v6 && !set(fd, {IPPROTO_IPV6, IPV6_V6ONLY, where.v6_only}))) {
    return code::option_failed;
  }
  return code::ok;
}

/// A socket that listens, or why not.
std::int64_t open_listener(const listen_at& where) noexcept {
  const std::int64_t opened = open_socket(where.address, code::listen_failed);
  if (opened < 0) {
    return opened;
  }
  const int fd = static_cast<int>(opened);
  std::int64_t failure = prepare_listener(fd, where);
  if (failure == code::ok) {
    int bound = bind_to(fd, where.address);
    if (bound == -EADDRINUSE) {
      // It may be that of an isolate that is no more.
      sweep_dead_ports();
      bound = bind_to(fd, where.address);
    }
    const int listening = bound != 0 ? 0 : sys::listen(fd, where.backlog);
    failure = bound != 0       ? code::explained(code::bind_failed, bound)
              : listening != 0 ? code::explained(code::listen_failed, listening)
                               : code::ok;
  }
  if (failure != code::ok) {
    sys::close(fd);
    return failure;
  }
  return fd;
}

}  // namespace

std::int64_t start_connect(port owner, std::int64_t id, const connect_to& where) noexcept {
  socket_slot* taken = slots::take();
  if (!taken) {
    return code::out_of_memory;
  }
  const held socket(*taken);
  socket_slot& slot = *socket;
  if (!library::is_running()) {
    return give_up(slot, code::not_initialized);
  }
  const std::int64_t opened = open_socket(where.peer, code::connect_failed);
  if (opened < 0) {
    return give_up(slot, opened);
  }
  slot.fd = static_cast<int>(opened);
  slot.owner = owner;
  if (where.source.size != 0) {
    if (const int error = bind_to(slot.fd, where.source); error != 0) {
      return give_up(slot, code::explained(code::bind_failed, error));
    }
  }
  const int result = begin_connect(slot.fd, where.peer);
  if (result == -EINPROGRESS) {
    return wait_for_connection(slot, id, where.peer);
  }
  if (result == 0) {
    become_connected(slot, id);
  } else {
    vacate(slot);
    const std::int64_t why = code::explained(code::connect_failed, result);
    static_cast<void>(post(owner, id, told_to(owner, why)));
  }
  return code::ok;
}

void serve_connect(socket_slot& slot) noexcept {
  const int result = try_connect(slot.fd, slot.connecting->peer);
  if (result == -EINPROGRESS) {
    return;
  }
  const std::int64_t id = std::exchange(slot.connecting, nullptr)->id;
  if (result == 0) {
    become_connected(slot, id);
    return;
  }
  reply(slot, id, code::explained(code::connect_failed, result));
  if (!slot.orphaned) {
    vacate(slot);
  }
}

std::int64_t begin(port owner, std::int64_t id, int fd, stage at,
                   std::unique_ptr<weft::detail::bound_path> file, locality where) noexcept {
  socket_slot* taken = slots::take();
  if (!taken) {
    sys::close(fd);
    return code::out_of_memory;
  }
  const held socket(*taken);
  socket->fd = fd;
  socket->file = std::move(file);
  socket->is_local = where == locality::local;
  if (!library::is_running()) {
    return give_up(*socket, code::not_initialized);
  }
  socket->owner = owner;
  socket->at = at;
  reply(*socket, id, socket->handle());
  return code::ok;
}

std::int64_t start_listen(port owner, std::int64_t id, const listen_at& where) noexcept {
  // Before the slot is taken: an address in use has the slots swept.
  const std::int64_t opened = open_listener(where);
  if (opened < 0) {
    return opened;
  }
  return begin(owner, id, static_cast<int>(opened), stage::listening);
}

}  // namespace weft::dart
