#pragma once

#include <utility>

#include <weft/io/descriptor.hpp>
#include <weft/net/endpoint.hpp>
#include <weft/net/tcp_options.hpp>
#include <weft/net/tcp_stream.hpp>
#include <weft/runtime/config.hpp>
#include <weft/runtime/result.hpp>

namespace weft {

/// A TCP socket that accepts connections. listen() makes one, and so does tcp_socket.
///
/// Threads: any number of fibers may accept at once; close() may come from anywhere.
/// Lifetime: must outlive the calls on it; the destructor closes.
class WEFT_API tcp_listener : public tcp_options<tcp_listener> {
 public:
  tcp_listener() noexcept = default;

  /// Waits for a connection. One that its peer has given up meanwhile is skipped. While the process
  /// or the system has no descriptor left, waits and tries again, 5 ms to 1 s apart, so that a
  /// server survives it.
  ///
  /// Errors: `closed`, `operation_canceled`, `timed_out`, and the system's for a broken listener.
  result<tcp_stream> accept() const noexcept;
  /// The same, and says who the peer is, which tcp_stream::peer_endpoint() can tell only while the
  /// connection stands.
  result<tcp_stream> accept(endpoint& peer) const noexcept;
  /// A connection that is there already, or `operation_would_block`; `too_many_files_open` when no
  /// descriptor is left.
  result<tcp_stream> try_accept() const noexcept;

  /// Where it listens, with the port that the system chose if 0 was asked for.
  result<endpoint> local_endpoint() const noexcept;

  /// Stops listening: accept() calls end with `closed`. Idempotent. Suspends as
  /// stream_socket::close().
  void close() noexcept { descriptor_.close(); }
  bool is_open() const noexcept { return descriptor_.is_open(); }

  const io::descriptor& descriptor() const noexcept { return descriptor_; }
  /// Gives the native handle up without closing it; it stays non-blocking. No call may be waiting.
  /// -1 when there is none.
  int release() noexcept { return descriptor_.release(); }

  /// Takes over a socket that listens already.
  static tcp_listener from(io::descriptor listening) noexcept {
    return tcp_listener(std::move(listening));
  }

 private:
  explicit tcp_listener(io::descriptor listening) noexcept : descriptor_(std::move(listening)) {}

  io::descriptor descriptor_;
};

}  // namespace weft
