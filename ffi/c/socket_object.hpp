#pragma once

#include <mutex>
#include <type_traits>
#include <utility>
#include <variant>

#include <weft/io/descriptor.hpp>
#include <weft/io/operation.hpp>
#include <weft/net/socket.hpp>
#include <weft/net/tcp.hpp>
#include <weft/net/udp.hpp>
#include <weft/net/unix.hpp>
#include <weft/runtime/errc.hpp>
#include <weft/runtime/result.hpp>
#include <weft/sync/mutex.hpp>

#include "errors.hpp"
#include "handle_table.hpp"
#include "library.hpp"
#include "limits.hpp"
#include "thread_alarm.hpp"

namespace weft::c {

/// A socket of whatever kind. What it is does not change during its life, so calls on it need no
/// lock of ours, but for `setup`.
class socket_object final : public object {
 public:
  static constexpr int own_kind = WEFT_KIND_SOCKET;
  using any_socket = std::variant<tcp_stream, tcp_listener, unix_stream, unix_listener, udp_socket,
                                  unix_datagram, socket>;

  template <class Socket>
  explicit socket_object(Socket made) noexcept : object(own_kind), any(std::move(made)) {}

  /// Threads in poll() hold the descriptor, so they are called out first.
  void on_close() noexcept override {
    closers.fire_all();
    const std::lock_guard hold(setup);
    std::visit([](auto& s) noexcept { s.close(); }, any);
  }

  /// Closes it and leaves the native handle, and the file of a Unix socket, to the caller; -1 when
  /// it is closed already.
  int surrender() noexcept {
    closers.fire_all();
    const std::lock_guard hold(setup);
    std::visit(
        [](auto& s) noexcept {
          if constexpr (requires { s.keep_file(); }) {
            s.keep_file();
          }
        },
        any);
    return descriptor().surrender();
  }

  const io::descriptor& descriptor() const noexcept {
    return std::visit(
        [](const auto& s) noexcept -> const io::descriptor& { return s.descriptor(); }, any);
  }
  /// The socket, if it carries a stream of bytes and is not a classic one.
  const stream_socket* stream() const noexcept {
    if (const auto* tcp = std::get_if<tcp_stream>(&any)) {
      return tcp;
    }
    return std::get_if<unix_stream>(&any);
  }
  bool is_listener() const noexcept {
    return std::holds_alternative<tcp_listener>(any) || std::holds_alternative<unix_listener>(any);
  }
  /// Whether weft_read() and weft_write() are calls for it.
  bool is_stream() const noexcept {
    const auto* classic = std::get_if<socket>(&any);
    return classic ? classic->type() == socket_type::stream : stream() != nullptr;
  }

  any_socket any;
  waker_list closers;
  /// What changes the object itself: binding a classic socket, and closing.
  mutex setup;
};

/// Ends a direction of a classic socket.
int shut_down(const io::descriptor& socket, socket_side side) noexcept;

/// For sockets that have no call that does not wait: makes the call if it need not wait now. Should
/// another take what there was, the call gives up after a moment.
template <class Call>
auto when_ready(const socket_object& s, io::direction side, Call&& call) -> decltype(call()) {
  const auto ready = is_ready(s.descriptor(), side);
  if (!ready) {
    return fail(ready.error());
  }
  const auto would_block = std::make_error_code(std::errc::operation_would_block);
  if (!*ready) {
    return fail(would_block);
  }
  const timeout_scope brief(std::chrono::milliseconds(1));
  auto done = call();
  if (!done && done.error() == errc::timed_out) {
    return fail(would_block);
  }
  return done;
}

/// Makes a call that may wait: in a fiber `call`, on a thread `try_now` as often as the socket is
/// ready.
template <class Try, class Call>
auto transfer(socket_object& s, io::direction side, const limits& how, Try&& try_now, Call&& call)
    -> decltype(call()) {
  if (how.no_wait) {
    return try_now();
  }
  if (in_fiber()) {
    return within(how, call);
  }
  for (;;) {
    auto done = try_now();
    if (done || done.error() != std::errc::operation_would_block) {
      return done;
    }
    if (auto ready = wait_on_thread(s.descriptor(), side, s.closers, how); !ready) {
      return fail(ready.error());
    }
  }
}

}  // namespace weft::c
