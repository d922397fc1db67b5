#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <functional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <weft/net/endpoint.hpp>
#include <weft/net/listen_options.hpp>
#include <weft/net/tcp_listener.hpp>
#include <weft/net/tcp_stream.hpp>
#include <weft/runtime/clock.hpp>
#include <weft/runtime/config.hpp>
#include <weft/runtime/result.hpp>

namespace weft {

/// How much serve() takes on.
struct serve_limits {
  /// Connections that are served at once, at most; 0: as many as come. Those beyond wait in the
  /// listener's backlog until one of these has ended.
  std::size_t connections = 0;
  /// Turns connections beyond the limit away instead: called for each, which is closed when it
  /// returns. It holds up those that come next, so it must not wait: a word of explanation is for
  /// try_write().
  std::function<void(tcp_stream&)> refuse = {};
  /// How long connections that are under way may take to finish once serving has ended; those that
  /// do not are cancelled. duration::max(): as long as it takes.
  duration drain = std::chrono::seconds(5);
};

namespace detail {
using connection_handler = std::move_only_function<void(tcp_stream) const>;
WEFT_API result<void> serve_with(std::span<const tcp_listener> listeners,
                                 const connection_handler& handler, const serve_limits& limits);
}  // namespace detail

/// Serves the connections of one listener or more: accepts them and calls `handler(tcp_stream)` in
/// a fiber of its own for each, until the listener is closed or a scope around the caller ends.
/// Then takes no more, gives those under way the time to drain, cancels the rest and waits for all
/// of them. Neither peers that give up nor a shortage of descriptors or memory ends it: it waits 5
/// ms to 1 s and tries again.
///
///     weft::serve(*listener, echo, {.connections = 1000});
///
/// Suspends: for as long as it serves.
/// Returns: success when the listener was closed.
/// Errors: `operation_canceled` and `timed_out` when a scope around the caller ended; the system's
///   for a broken listener. What the handler returns is dropped. An exception that leaves a handler
///   does not stop the others; serve() throws the first one when it has ended, unless handlers had
///   to be cancelled.
/// Cancellation: reaches the handlers only when the time to drain is over.
/// Threads: the handler is called by many fibers at once, on all workers.
/// Lifetime: no handler runs any more when it returns. The listener stays the caller's.
/// Cost: a fiber for each listener and each connection.
template <class Handler>
  requires std::invocable<const Handler&, tcp_stream>
result<void> serve(std::span<const tcp_listener> listeners, Handler handler,
                   const serve_limits& limits = {}) {
  return detail::serve_with(
      listeners,
      [call = std::move(handler)](tcp_stream peer) { (void)std::invoke(call, std::move(peer)); },
      limits);
}
template <class Handler>
  requires std::invocable<const Handler&, tcp_stream>
result<void> serve(const tcp_listener& listener, Handler handler, const serve_limits& limits = {}) {
  return serve(std::span(&listener, 1), std::move(handler), limits);
}

/// One listener for each worker of the calling fiber's runtime, all on the same port, for serve():
/// the system deals the connections out, and accepting scales with the workers. Implies
/// `reuse_port`.
///
/// Errors: as listen(); so `operation_not_supported` where listeners cannot share a port, as on
///   Windows. There, as anywhere, one listener serves all workers.
WEFT_API result<std::vector<tcp_listener>> listen_on_each_worker(const endpoint& where,
                                                                 listen_options options = {});
WEFT_API result<std::vector<tcp_listener>> listen_on_each_worker(std::string_view where,
                                                                 listen_options options = {});

}  // namespace weft
