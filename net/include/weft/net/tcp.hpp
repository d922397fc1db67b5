#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

#include <weft/io/descriptor.hpp>
#include <weft/net/endpoint.hpp>
#include <weft/runtime/config.hpp>
#include <weft/runtime/result.hpp>

namespace weft {

/// A direction of a connection.
enum class socket_side : std::uint8_t { read, write, both };

/// A TCP connection.
///
/// Every call that moves data suspends the calling fiber, never its thread, until the data has
/// moved, and fails with `operation_canceled` or `timed_out` when a scope around the caller ends,
/// with `closed` when the stream is closed under it, or with the system's error.
///
/// Threads: one fiber may read while another writes, and close() may come from anywhere. Two
/// readers
///   or two writers at once are safe, but who gets which bytes is left to chance.
/// Lifetime: must outlive the calls on it; the destructor closes.
/// Cost: one pooled object besides the system's socket.
class WEFT_API tcp_stream {
 public:
  tcp_stream() noexcept = default;

  /// Reads what there is, at least one byte, at most the buffer.
  /// Errors: `end_of_stream` once the peer has sent everything. An empty buffer reads 0 bytes.
  result<std::size_t> read(std::span<std::byte> buffer) const noexcept;
  /// Reads until the buffer is full.
  /// Errors: `end_of_stream` when the stream ends before that; what was read then is lost.
  result<void> read_exact(std::span<std::byte> buffer) const noexcept;
  /// Fills the buffers in turn with what there is, at least one byte. Takes at most 64 of them.
  result<std::size_t> read_vectored(std::span<const std::span<std::byte>> buffers) const noexcept;
  /// read() that fails with `operation_would_block` instead of waiting.
  result<std::size_t> try_read(std::span<std::byte> buffer) const noexcept;

  /// Writes what fits the system's buffer, at least one byte.
  result<std::size_t> write(std::span<const std::byte> data) const noexcept;
  /// Writes everything. After an error it is unknown how much was sent.
  result<void> write_all(std::span<const std::byte> data) const noexcept;
  result<void> write_all(std::string_view text) const noexcept {
    return write_all(std::as_bytes(std::span(text)));
  }
  /// Writes from the buffers in turn what fits, at least one byte. Takes at most 64 of them.
  result<std::size_t> write_vectored(
      std::span<const std::span<const std::byte>> buffers) const noexcept;
  /// write() that fails with `operation_would_block` instead of waiting.
  result<std::size_t> try_write(std::span<const std::byte> data) const noexcept;

  /// Ends a direction: the peer sees the end of the stream after what was written; own reads see it
  /// at once. Does not suspend.
  result<void> shutdown(socket_side side) const noexcept;

  /// Closes the connection: calls that wait on it end with `closed`. Idempotent.
  /// Suspends: until those calls have left, briefly. Not a cancellation point.
  void close() noexcept { descriptor_.close(); }
  bool is_open() const noexcept { return descriptor_.is_open(); }

  result<endpoint> local_endpoint() const noexcept;
  result<endpoint> peer_endpoint() const noexcept;

  /// Whether small writes leave at once (the default) or are gathered while others are under way.
  result<void> set_no_delay(bool on) const noexcept;
  result<bool> no_delay() const noexcept;

  /// The underlying handle, for options that have no call here.
  const io::descriptor& descriptor() const noexcept { return descriptor_; }

  /// Takes over a connected socket.
  static tcp_stream from(io::descriptor connected) noexcept {
    return tcp_stream(std::move(connected));
  }

 private:
  explicit tcp_stream(io::descriptor connected) noexcept : descriptor_(std::move(connected)) {}

  io::descriptor descriptor_;
};

/// How a listener is made.
struct listen_options {
  /// Connections that wait for accept(), at most; 0: the system's maximum.
  int backlog = 0;
  /// Lets a restarted server take the port while its old connections linger.
  bool reuse_address = true;
  /// Lets several listeners share the port; the system deals the connections out.
  bool reuse_port = false;
  /// An IPv6 listener takes no IPv4 connections.
  bool v6_only = false;
  /// What accepted streams start with; see tcp_stream::set_no_delay().
  bool no_delay = true;
};

/// A TCP socket that accepts connections.
///
/// Threads: any number of fibers may accept at once; close() may come from anywhere.
/// Lifetime: must outlive the calls on it; the destructor closes.
class WEFT_API tcp_listener {
 public:
  tcp_listener() noexcept = default;

  /// Waits for a connection. One that its peer has given up meanwhile is skipped. While the process
  /// or the system has no descriptor left, waits and tries again, 5 ms to 1 s apart, so that a
  /// server survives it.
  ///
  /// Errors: `closed`, `operation_canceled`, `timed_out`, and the system's for a broken listener.
  result<tcp_stream> accept() const noexcept;
  /// A connection that is there already, or `operation_would_block`; `too_many_files_open` when no
  /// descriptor is left.
  result<tcp_stream> try_accept() const noexcept;

  /// Where it listens, with the port that the system chose if 0 was asked for.
  result<endpoint> local_endpoint() const noexcept;

  /// Stops listening: accept() calls end with `closed`. Idempotent. Suspends as
  /// tcp_stream::close().
  void close() noexcept { descriptor_.close(); }
  bool is_open() const noexcept { return descriptor_.is_open(); }

  const io::descriptor& descriptor() const noexcept { return descriptor_; }

 private:
  friend result<tcp_listener> listen(const endpoint&, const listen_options&) noexcept;

  io::descriptor descriptor_;
};

/// How a connection is made.
struct connect_options {
  /// See tcp_stream::set_no_delay().
  bool no_delay = true;
};

/// Listens on an address of this machine. Does not suspend.
///
/// Errors: `address_in_use`, `address_not_available` (not this machine's), `permission_denied`, and
///   the system's others; explain() names the address and the way out.
WEFT_API result<tcp_listener> listen(const endpoint& where,
                                     const listen_options& options = {}) noexcept;
/// The same with the address as text, `127.0.0.1:80`, `[::]:80` or `:80`. Host names are looked up.
///
/// Errors: also address_errc and resolve_errc.
WEFT_API result<tcp_listener> listen(std::string_view where, const listen_options& options = {});

/// Connects to a server.
///
/// Suspends: until the connection stands or has failed.
/// Errors: `connection_refused`, `network_unreachable`, `timed_out` (the system's or a scope's),
/// and
///   the system's others; explain() names the address.
WEFT_API result<tcp_stream> connect(const endpoint& where,
                                    const connect_options& options = {}) noexcept;
/// The same with the address as text, `127.0.0.1:80`, `[::1]:80` or `example.org:80`. A host name
/// is looked up, and its addresses are tried in turn.
///
/// Errors: also address_errc and resolve_errc; when all addresses fail, the first one's error.
WEFT_API result<tcp_stream> connect(std::string_view where, const connect_options& options = {});

}  // namespace weft
