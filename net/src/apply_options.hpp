#pragma once

#include <optional>

#include <weft/runtime/result.hpp>

namespace weft::detail {

/// Calls `set(value)` if there is a value and nothing has failed yet.
template <class T, class Set>
void apply(result<void>& done, const std::optional<T>& value, Set set) noexcept {
  if (done && value) {
    done = set(*value);
  }
}

/// The options that listen() and connect() have in common. Before bind() and connect(): buffers
/// decide on the window that is offered, and accepted sockets inherit all of them.
template <class Socket, class Options>
result<void> apply_common(const Socket& socket, const Options& options) noexcept {
  result<void> done = socket.set_no_delay(options.no_delay);
  apply(done, options.keep_alive, [&](auto v) { return socket.set_keep_alive(v); });
  apply(done, options.send_buffer, [&](auto v) { return socket.set_send_buffer(v); });
  apply(done, options.receive_buffer, [&](auto v) { return socket.set_receive_buffer(v); });
  apply(done, options.linger, [&](auto v) { return socket.set_linger(v); });
  apply(done, options.tos, [&](auto v) { return socket.set_tos(v); });
  apply(done, options.ttl, [&](auto v) { return socket.set_ttl(v); });
  apply(done, options.user_timeout, [&](auto v) { return socket.set_user_timeout(v); });
  if (done && !options.interface_name.empty()) {
    done = socket.set_interface(options.interface_name);
  }
  return done;
}

}  // namespace weft::detail
