#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <utility>

#include <weft/io/descriptor.hpp>
#include <weft/net/detail/bound_path.hpp>
#include <weft/net/owned_handle.hpp>
#include <weft/net/unix_endpoint.hpp>
#include <weft/net/unix_listener.hpp>
#include <weft/net/unix_stream.hpp>
#include <weft/runtime/config.hpp>
#include <weft/runtime/result.hpp>

namespace weft {

/// A Unix socket for datagrams, which arrive whole, in order, and every one of them: a sender waits
/// while its receiver has no room. The calls are those of udp_socket.
///
/// Threads: any number of fibers may send and receive at once; close() may come from anywhere.
/// Lifetime: must outlive the calls on it; the destructor closes.
/// Cost: one pooled object besides the system's socket.
class WEFT_API unix_datagram {
 public:
  unix_datagram() noexcept = default;

  /// A socket with a path or an abstract name. Suspends and fails as unix_listener::listen(); its
  /// file is removed with it.
  static result<unix_datagram> bind(const unix_endpoint& where,
                                    const unix_options& options = {}) noexcept;
  static result<unix_datagram> bind(std::string_view where,
                                    const unix_options& options = {}) noexcept;
  /// A socket without an address, which can send; nobody can answer it.
  static result<unix_datagram> unbound() noexcept;
  /// Two sockets, each connected to the other.
  static result<std::pair<unix_datagram, unix_datagram>> pair() noexcept;

  /// What receive_from() received.
  struct received {
    /// The bytes in the buffer.
    std::size_t size = 0;
    /// Unnamed when the sender has no address.
    unix_endpoint from = {};
    /// The datagram was larger than the buffer; the rest is lost.
    bool truncated = false;
  };

  /// Sends all of the data as one datagram.
  ///
  /// Suspends: while the receiver has no room.
  /// Errors: `connection_refused` when nobody has that address any more,
  ///   `no_such_file_or_directory`, `permission_denied`, `message_size`.
  result<void> send_to(std::span<const std::byte> data, const unix_endpoint& to) const noexcept;
  result<void> send_to(std::string_view text, const unix_endpoint& to) const noexcept {
    return send_to(std::as_bytes(std::span(text)), to);
  }
  result<void> try_send_to(std::span<const std::byte> data, const unix_endpoint& to) const noexcept;
  result<received> receive_from(std::span<std::byte> buffer) const noexcept;
  result<received> try_receive_from(std::span<std::byte> buffer) const noexcept;
  /// receive_from() of a datagram that stays, to be received again.
  result<received> peek_from(std::span<std::byte> buffer) const noexcept;
  result<received> try_peek_from(std::span<std::byte> buffer) const noexcept;

  /// Names the peer: send() goes there, and only what it sends is received. Does not suspend.
  result<void> connect(const unix_endpoint& peer) const noexcept;
  result<void> connect(std::string_view peer) const noexcept;
  /// Forgets the peer, if there is one.
  result<void> disconnect() const noexcept;

  /// send_to() the peer.
  /// Errors: also `not_connected` without a peer, `connection_refused` or `connection_reset` once
  /// it has gone.
  result<void> send(std::span<const std::byte> data) const noexcept;
  result<void> send(std::string_view text) const noexcept {
    return send(std::as_bytes(std::span(text)));
  }
  result<void> try_send(std::span<const std::byte> data) const noexcept;
  /// receive_from() whose sender does not matter.
  /// Errors: `message_size` when the datagram is larger than the buffer; what did not fit is lost.
  result<std::size_t> receive(std::span<std::byte> buffer) const noexcept;
  result<std::size_t> try_receive(std::span<std::byte> buffer) const noexcept;
  /// receive() of as much as fits of a datagram that stays.
  result<std::size_t> peek(std::span<std::byte> buffer) const noexcept;
  result<std::size_t> try_peek(std::span<std::byte> buffer) const noexcept;

  /// Waits until receive() need not wait.
  result<void> readable() const noexcept;
  /// The same for send(). Without a peer it says nothing about the receiver.
  result<void> writable() const noexcept;

  /// As those of unix_stream. A datagram may be empty and carry handles all the same.
  result<void> send_handles(std::span<const std::byte> data,
                            std::span<const int> handles) const noexcept;
  result<handles_received> receive_handles(std::span<std::byte> buffer,
                                           std::span<owned_handle> room) const noexcept;

  /// The bytes of the system's buffer for what was sent and not received. Linux doubles what is
  /// set.
  result<void> set_send_buffer(int bytes) const noexcept;
  result<int> send_buffer() const noexcept;

  result<unix_endpoint> local_endpoint() const noexcept;
  /// Errors: `not_connected`.
  result<unix_endpoint> peer_endpoint() const noexcept;

  /// Closes the socket and removes its file: calls that wait on it end with `closed`. Idempotent.
  /// Suspends: until those calls have left, briefly. Not a cancellation point.
  void close() noexcept {
    path_.remove();
    descriptor_.close();
  }
  bool is_open() const noexcept { return descriptor_.is_open(); }
  /// From now on closing leaves the file where it is.
  void keep_file() noexcept { path_.forget(); }

  const io::descriptor& descriptor() const noexcept { return descriptor_; }
  /// Gives the native handle up without closing it; the file stays, too. No call may be waiting.
  int release() noexcept {
    path_.forget();
    return descriptor_.release();
  }
  /// Takes over a Unix datagram socket. Its file stays when it is closed.
  static unix_datagram from(io::descriptor socket) noexcept {
    unix_datagram made;
    made.descriptor_ = std::move(socket);
    return made;
  }

 private:
  io::descriptor descriptor_;
  detail::bound_path path_;
};

}  // namespace weft
