// Waiting for both sides of a socket. An operation waits for one side only, so while neither is
// ready a second fiber waits for reading, and whichever of the two is first sends the other home.
// The group joins it: nothing of this outlives the call.

#include <poll.h>

#include <weft/io/detail/syscalls.hpp>
#include <weft/net/stream_socket.hpp>
#include <weft/runtime/cancel.hpp>
#include <weft/runtime/runtime.hpp>
#include <weft/sync/task_group.hpp>

#include "socket.hpp"

namespace weft {

namespace {

/// What is ready now.
result<socket_readiness> look(const io::descriptor& socket) noexcept {
  const auto ready = [&](short events) noexcept {
    return detail::call_on(socket, [events](int fd) noexcept {
      return detail::sys::poll(fd, events, time_point::min());
    });
  };
  const auto in = ready(POLLIN);
  const auto out = ready(POLLOUT);
  if (!in || !out) {
    return fail(in ? out.error() : in.error());
  }
  return socket_readiness{.readable = *in > 0, .writable = *out > 0};
}

/// Fails as the one that failed by itself; one that was sent home by the other has not.
result<void> await_one(const stream_socket& socket) {
  cancel_scope writing;
  result<void> read;
  task_group other{on_error::keep_going};
  (void)other.spawn([&] {
    read = socket.readable();
    writing.cancel("the socket is readable");
  });
  const result<void> written = socket.writable();
  const bool sent_home = writing.is_canceled();
  other.cancel("the socket is writable");
  {
    const shield until_joined;
    (void)other.wait();
  }
  if (written || read) {
    return {};
  }
  return sent_home ? read : written;
}

/// A plain thread has no second fiber: it looks now and then.
result<void> await_one_on_thread(const io::descriptor& socket) noexcept {
  constexpr auto look_around = std::chrono::milliseconds(20);
  const auto seen = detail::call_on(socket, [&](int fd) noexcept {
    return detail::sys::poll(fd, POLLIN | POLLOUT, clock::now() + look_around);
  });
  return seen ? check_cancel() : fail(seen.error());
}

}  // namespace

result<socket_readiness> stream_socket::ready(socket_side interest) const {
  if (interest != socket_side::both) {
    const bool in = interest == socket_side::read;
    const auto waited = in ? readable() : writable();
    return waited ? result<socket_readiness>({.readable = in, .writable = !in})
                  : fail(waited.error());
  }
  if (const auto open = check_cancel(); !open) {
    return fail(open.error());
  }
  for (;;) {
    const auto now = look(descriptor_);
    if (!now || now->readable || now->writable) {
      return now;
    }
    const auto waited = runtime::current() ? await_one(*this) : await_one_on_thread(descriptor_);
    if (!waited) {
      return fail(waited.error());
    }
  }
}

}  // namespace weft
