#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include <weft/io/descriptor.hpp>
#include <weft/net/detail/bound_path.hpp>
#include <weft/net/endpoint.hpp>
#include <weft/net/unix_endpoint.hpp>
#include <weft/runtime/config.hpp>
#include <weft/runtime/result.hpp>

namespace weft {

/// Which addresses a socket has; `local` are the paths and names of Unix sockets.
enum class socket_domain : std::uint8_t { ipv4, ipv6, local };

/// What a socket carries: bytes in order, datagrams, messages in order over a connection (local
/// only), or whole IP packets, for which the protocol must be given and privilege is needed.
enum class socket_type : std::uint8_t { stream, datagram, sequenced, raw };

/// Where any socket is.
using socket_address = std::variant<endpoint, unix_endpoint>;

/// A socket as it always was: bind, listen, accept, connect, send, recv, close, for every domain,
/// the same on every system. Where it would block its thread it suspends its fiber instead.
///
/// A host is an address or a name, which is looked up; empty it is any interface. In the domain
/// `local` the host is a path or `@name`, and there is no port.
///
/// Calls that wait fail with `operation_canceled` or `timed_out` when a scope around the caller
/// ends, and with `closed` when the socket is closed under them.
///
/// Threads: one fiber may receive while another sends, and close() may come from anywhere.
/// Lifetime: must outlive the calls on it; the destructor closes.
class WEFT_API socket {
 public:
  /// Opens a socket; TCP over IPv4 unless told otherwise. `protocol` is the system's number, such
  /// as 1 for ICMP on a raw socket; 0: the usual one of the type. Throws std::system_error. open()
  /// is the form that returns the error.
  explicit socket(socket_domain domain = socket_domain::ipv4,
                  socket_type type = socket_type::stream, int protocol = 0);
  /// Errors: `operation_not_permitted` for raw sockets without privilege, `protocol_not_supported`,
  ///   and the system's others; explain() has the way out.
  static result<socket> open(socket_domain domain = socket_domain::ipv4,
                             socket_type type = socket_type::stream, int protocol = 0) noexcept;

  /// Takes an address of this machine; port 0 picks a free one. A path is removed when the socket
  /// is closed. Errors: `address_in_use`, `address_not_available`, `permission_denied`;
  /// address_errc and
  ///   resolve_errc.
  result<void> bind(std::string_view host, std::uint16_t port = 0);
  /// Before bind(): lets a restarted server take its port while old connections linger, and its
  /// path when the file was left behind.
  result<void> set_reuse_address(bool on) noexcept;
  /// Starts to take connections; of these, `backlog` at most wait for accept(), 0: the system's
  /// maximum.
  result<void> listen(int backlog = 0) const noexcept;
  /// Waits for a connection.
  result<socket> accept() const noexcept;
  /// Connects. Sockets without connections only note the peer.
  /// Errors: also `already_connected`, of a listener, too.
  result<void> connect(std::string_view host, std::uint16_t port = 0) const;

  /// Receives what there is, at most the buffer.
  /// Errors: `end_of_stream` when the peer of a connection has sent everything; `message_size` when
  /// a
  ///   message is larger than the buffer: what did not fit is lost.
  result<std::size_t> recv(std::span<std::byte> buffer) const noexcept;
  /// The same as a string.
  result<std::string> recv(std::size_t most) const;
  /// Sends what fits the system's buffer, at least one byte; a datagram whole.
  /// Returns: how many bytes were sent.
  result<std::size_t> send(std::span<const std::byte> data) const noexcept;
  result<std::size_t> send(std::string_view text) const noexcept {
    return send(std::as_bytes(std::span(text)));
  }
  /// send() again and again until all is sent. After an error it is unknown how much was.
  result<void> send_all(std::span<const std::byte> data) const noexcept;
  result<void> send_all(std::string_view text) const noexcept {
    return send_all(std::as_bytes(std::span(text)));
  }

  /// What recvfrom() received.
  struct received {
    /// The bytes in the buffer.
    std::size_t size = 0;
    socket_address from = {};
    /// The message was larger than the buffer; the rest is lost.
    bool truncated = false;
  };
  /// recv() that tells who has sent it, and of a message that was too large, its first part.
  result<received> recvfrom(std::span<std::byte> buffer) const noexcept;
  /// send() to an address; where there are connections, to the peer all the same.
  result<std::size_t> sendto(std::span<const std::byte> data,
                             const socket_address& to) const noexcept;
  result<std::size_t> sendto(std::span<const std::byte> data, std::string_view host,
                             std::uint16_t port = 0) const;
  result<std::size_t> sendto(std::string_view text, std::string_view host,
                             std::uint16_t port = 0) const {
    return sendto(std::as_bytes(std::span(text)), host, port);
  }

  result<socket_address> local_address() const noexcept;
  result<socket_address> peer_address() const noexcept;
  socket_domain domain() const noexcept { return domain_; }
  socket_type type() const noexcept { return type_; }

  /// Closes it: calls that wait on it end with `closed`. Idempotent.
  /// Suspends: until those calls have left, briefly. Not a cancellation point.
  void close() noexcept {
    path_.remove();
    descriptor_.close();
  }
  bool is_open() const noexcept { return descriptor_.is_open(); }
  /// From now on closing leaves the file of a path where it is.
  void keep_file() noexcept { path_.forget(); }
  /// The underlying handle, for what has no call here.
  const io::descriptor& descriptor() const noexcept { return descriptor_; }
  /// Takes over a socket of that domain and type, whatever was done with it. Its file stays when it
  /// is closed.
  static socket from(socket_domain domain, socket_type type, io::descriptor made) noexcept {
    return {domain, type, std::move(made)};
  }

 private:
  socket(socket_domain domain, socket_type type, io::descriptor made) noexcept
      : domain_(domain), type_(type), descriptor_(std::move(made)) {}

  bool has_connections() const noexcept {
    return type_ == socket_type::stream || type_ == socket_type::sequenced;
  }

  socket_domain domain_;
  socket_type type_;
  bool replaces_stale_ = false;
  io::descriptor descriptor_;
  detail::bound_path path_;
};

}  // namespace weft
