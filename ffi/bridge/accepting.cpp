#include <cerrno>

#include <sys/socket.h>

#include <weft/io/detail/syscalls.hpp>

#include "codes.hpp"
#include "library.hpp"
#include "limits.hpp"
#include "service.hpp"

/// Accepts, one by one or in a loop. Who asked for a single one is served first.
namespace weft::dart {

namespace sys = weft::detail::sys;

namespace {

/// What became of an accept.
struct accepted {
  enum class end : bool { must_wait, over };

  end how = end::over;
  std::int64_t result = 0;  // the connection's handle, or a code
  socket_slot* connection = nullptr;
};

/// Whether only the connection was lost that would have been accepted.
bool is_of_connection(int error) noexcept {
  switch (error) {
    case -ECONNABORTED:
    case -EPROTO:
    case -EPERM:
    case -ETIMEDOUT:
    case -ENETDOWN:
    case -ENOPROTOOPT:
    case -EHOSTDOWN:
    case -ENONET:
    case -EHOSTUNREACH:
    case -ENETUNREACH:
      return true;
    default:
      return false;
  }
}

std::int64_t code_of(int error) noexcept {
  switch (error) {
    case -EMFILE:
    case -ENFILE:
    case -ENOBUFS:
    case -ENOMEM:
      return code::explained(code::out_of_memory, error);
    default:
      return code::explained(code::accept_failed, error);
  }
}

/// Gives the connection a handle. `is_unused`: it counts as such until it is used.
accepted admit(socket_slot& listener, int fd, bool is_unused) noexcept {
  socket_slot* taken = slots::take();
  if (!taken) {
    sys::close(fd);
    return {.result = code::out_of_memory};
  }
  const auto hold = lock_fresh(*taken);
  taken->fd = fd;
  if (!library::is_running()) {
    vacate(*taken);
    return {.result = code::accept_failed};
  }
  taken->at = stage::connected;
  taken->owner = listener.owner;
  taken->accepted_through = listener.handle();
  taken->is_unused = is_unused;
  return {.result = taken->handle(), .connection = taken};
}

accepted try_accept(socket_slot& listener, bool is_unused) noexcept {
  int fd = 0;
  do {
    fd = sys::accept(listener.fd, nullptr, nullptr);
  } while (is_of_connection(fd));
  if (fd == -EAGAIN) {
    return {.how = accepted::end::must_wait};
  }
  return fd < 0 ? accepted{.result = code_of(fd)} : admit(listener, fd, is_unused);
}

/// Nobody was told of it.
void take_back(const accepted& unwanted) noexcept {
  if (unwanted.connection) {
    const auto hold = lock_fresh(*unwanted.connection);
    if (unwanted.connection->handle() == unwanted.result) {
      vacate(*unwanted.connection);
    }
  }
}

accepted::end accept_for(socket_slot& slot, std::int64_t id) noexcept {
  const accepted made = try_accept(slot, false);
  if (made.how == accepted::end::over) {
    reply(slot, id, made.result);
    if (slot.orphaned) {
      take_back(made);
    }
  }
  return made.how;
}

accepted::end accept_for_loop(socket_slot& slot) noexcept {
  const accepted made = try_accept(slot, true);
  if (made.how == accepted::end::must_wait) {
    return made.how;
  }
  slot.unused += made.connection ? 1 : 0;
  if (post_number(slot.loop, code::plain(made.result)) == delivery::refused) {
    slot.unused -= made.connection ? 1 : 0;
    take_back(made);
    slot.loop = no_port;
  } else if (!made.connection) {
    slot.loop = no_port;
  }
  return made.how;
}

/// Whether the loop may take another: not while its isolate is far behind.
bool loop_may_go_on(const socket_slot& slot) noexcept {
  return slot.loop != no_port && slot.unused < limits::unused_connections;
}

}  // namespace

std::int64_t start_accept(socket_slot& slot, std::int64_t id) noexcept {
  if (slot.waiting_in.is_empty() && accept_for(slot, id) == accepted::end::over) {
    return code::ok;
  }
  plain_request* asked = plain_request::make(id);
  if (!asked || !await_events(slot)) {
    delete asked;
    return code::out_of_memory;
  }
  slot.waiting_in.push(*asked);
  return code::ok;
}

std::int64_t start_accept_loop(socket_slot& slot, port to) noexcept {
  if (slot.loop != no_port) {
    return code::invalid_argument;
  }
  if (!await_events(slot)) {
    return code::out_of_memory;
  }
  slot.loop = to;
  serve_accepts(slot);
  return code::ok;
}

void serve_accepts(socket_slot& slot) noexcept {
  for (unsigned left = limits::accepts_at_a_time; !slot.orphaned; --left) {
    const bool is_single = !slot.waiting_in.is_empty();
    if (!is_single && !loop_may_go_on(slot)) {
      return;
    }
    if (left == 0) {
      await_turn(slot);
      return;
    }
    const auto end =
        is_single ? accept_for(slot, slot.waiting_in.front().id) : accept_for_loop(slot);
    if (end == accepted::end::must_wait) {
      return;
    }
    if (is_single) {
      plain_request::dispose(slot.waiting_in.pop());
    }
  }
}

}  // namespace weft::dart
