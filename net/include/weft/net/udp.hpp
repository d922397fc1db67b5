#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <weft/io/descriptor.hpp>
#include <weft/net/endpoint.hpp>
#include <weft/net/ip_family.hpp>
#include <weft/net/multicast.hpp>
#include <weft/net/udp_message.hpp>
#include <weft/runtime/config.hpp>
#include <weft/runtime/result.hpp>

namespace weft {

/// How a UDP socket is made.
struct udp_options {
  /// Lets several sockets have the same address and port; each gets every multicast datagram.
  bool reuse_address = false;
  /// Lets several sockets share the port; the system deals the datagrams out.
  bool reuse_port = false;
  /// An IPv6 socket has nothing to do with IPv4.
  bool v6_only = false;
  /// See udp_socket::set_broadcast().
  bool broadcast = false;
  /// Bytes of the system's buffers; 0: as the system has it. See udp_socket::set_receive_buffer().
  int receive_buffer = 0;
  int send_buffer = 0;
  /// Only what comes and goes through the interface of this name; empty: through any.
  std::string_view interface = {};
};

/// A UDP socket: datagrams, each sent and received whole, and any of them perhaps lost.
///
/// Every call without `try_` that moves data suspends the calling fiber, never its thread, until
/// the data has moved, and fails with `operation_canceled` or `timed_out` when a scope around the
/// caller ends, with `closed` when the socket is closed under it, or with the system's error. Those
/// with `try_` fail with `operation_would_block` instead of waiting.
///
/// A connected socket hears of a port where nobody listens: its next call fails with
/// `connection_refused`, once. Then it works on.
///
/// An option that the system does not have fails with `operation_not_supported`.
///
/// Threads: any number of fibers may send and receive at once; close() may come from anywhere.
/// Lifetime: must outlive the calls on it; the destructor closes.
/// Cost: one pooled object besides the system's socket.
class WEFT_API udp_socket {
 public:
  udp_socket() noexcept = default;

  /// A socket with an address of this machine; port 0 picks a free one. Does not suspend.
  ///
  /// Errors: `address_in_use`, `address_not_available` (not this machine's), `permission_denied`,
  ///   and the system's others; explain() names the address and the way out.
  static result<udp_socket> bind(const endpoint& where, const udp_options& options = {}) noexcept;
  /// The same with the address as text, `127.0.0.1:53`, `[::]:53` or `:53`. Host names are looked
  /// up, which suspends.
  /// Errors: also address_errc and resolve_errc.
  static result<udp_socket> bind(std::string_view where, const udp_options& options = {});
  /// A socket that gets an address when it first sends or connects.
  static result<udp_socket> unbound(ip_family family, const udp_options& options = {}) noexcept;

  /// What receive_from() received.
  struct received {
    /// The bytes in the buffer.
    std::size_t size = 0;
    endpoint from = {};
    /// The datagram was larger than the buffer; the rest is lost.
    bool truncated = false;
  };

  /// Sends all of the data as one datagram, of at most 65,507 bytes. Success does not mean that it
  /// arrives.
  /// Errors: `message_size` when it is too large; `no_buffer_space` when the system drops it.
  result<void> send_to(std::span<const std::byte> data, const endpoint& to) const noexcept;
  result<void> send_to(std::string_view text, const endpoint& to) const noexcept {
    return send_to(std::as_bytes(std::span(text)), to);
  }
  result<void> try_send_to(std::span<const std::byte> data, const endpoint& to) const noexcept;
  /// Receives one datagram, from anyone, or from the peer when connected. It may be empty.
  result<received> receive_from(std::span<std::byte> buffer) const noexcept;
  result<received> try_receive_from(std::span<std::byte> buffer) const noexcept;
  /// receive_from() of a datagram that stays, to be received again.
  result<received> peek_from(std::span<std::byte> buffer) const noexcept;
  result<received> try_peek_from(std::span<std::byte> buffer) const noexcept;

  /// Names the peer: send() goes there, and only what it sends is received. Replaces the one
  /// before; does not suspend.
  result<void> connect(const endpoint& peer) const noexcept;
  /// The same with the address as text. A host name is looked up, which suspends, and the first
  /// address that this socket can reach is taken.
  /// Errors: also address_errc and resolve_errc.
  result<void> connect(std::string_view peer) const;
  /// Forgets the peer, if there is one. The port stays.
  result<void> disconnect() const noexcept;

  /// send_to() the peer.
  /// Errors: also `connection_refused`; `destination_address_required` without a peer.
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

  /// Waits until receive() need not wait, or has an error to report.
  result<void> readable() const noexcept;
  /// The same for send().
  result<void> writable() const noexcept;

  /// Receives one datagram into the buffers in turn, at most 64 of them, with the control data that
  /// set_reports() and set_receive_offload() ask for.
  result<udp_arrival> receive_message(std::span<const std::span<std::byte>> buffers) const noexcept;
  result<udp_arrival> receive_message(std::span<std::byte> buffer) const noexcept {
    return receive_message(std::span<const std::span<std::byte>>(&buffer, 1));
  }
  /// Sends the parts, at most 64 of them, as one datagram, or as several where `how.segment_size`
  /// says so.
  /// Errors: `operation_not_supported` for what the system cannot do; `io_error` for segments where
  ///   the network card lacks checksums.
  result<void> send_message(std::span<const std::span<const std::byte>> parts,
                            const udp_departure& how) const noexcept;
  result<void> send_message(std::span<const std::byte> data,
                            const udp_departure& how) const noexcept {
    return send_message(std::span<const std::span<const std::byte>>(&data, 1), how);
  }

  /// Waits for a datagram and takes all that are there, as many as there are slots, with few system
  /// calls. Where the system has no call for several, one call takes each.
  /// Returns: how many slots were filled, the first ones; at least one, unless there are none.
  result<std::size_t> receive_many(std::span<udp_slot> slots) const noexcept;
  result<std::size_t> try_receive_many(std::span<udp_slot> slots) const noexcept;
  /// Sends all datagrams in order, with few system calls, or as receive_many() one at a time.
  /// Suspends: whenever the system's buffer is full.
  /// Returns: how many were sent: fewer than all only when the next one failed, whose error the
  /// next
  ///   call reports if it is tried again. Errors: when the first one failed.
  result<std::size_t> send_many(std::span<const udp_parcel> parcels) const noexcept;
  /// Sends those that need not wait.
  result<std::size_t> try_send_many(std::span<const udp_parcel> parcels) const noexcept;

  // What was decided when the socket was made: see udp_options.
  result<bool> reuse_address() const noexcept;
  result<bool> reuse_port() const noexcept;
  /// Errors: `operation_not_supported` on an IPv4 socket.
  result<bool> v6_only() const noexcept;
  /// The name of the interface it keeps to; empty: any.
  result<std::string> interface_name() const;

  /// Whether datagrams may be sent to broadcast addresses.
  result<void> set_broadcast(bool on) const noexcept;
  result<bool> broadcast() const noexcept;
  /// How many hops datagrams to single hosts may go, 1 to 255.
  result<void> set_ttl(int hops) const noexcept;
  result<int> ttl() const noexcept;
  /// The type of service (IPv4) and traffic class (IPv6) of what is sent, 0 to 255; the lower two
  /// bits are the ECN field.
  result<void> set_tos(int value) const noexcept;
  result<int> tos() const noexcept;
  /// The bytes of the system's buffer for what was received. Linux doubles what is set, to have
  /// room for its own data, and caps it at net.core.rmem_max.
  result<void> set_receive_buffer(int bytes) const noexcept;
  result<int> receive_buffer() const noexcept;
  /// The same for what is to be sent; net.core.wmem_max.
  result<void> set_send_buffer(int bytes) const noexcept;
  result<int> send_buffer() const noexcept;

  /// Receives what is sent to a multicast group, at the port that the socket is bound to on any
  /// address. Of other groups, which others on this machine have joined, it gets nothing.
  ///
  /// Errors: `invalid_argument` for an address that is no multicast group, or not of the socket's
  ///   family; `address_in_use` when it is a member already; `no_such_device`.
  result<void> join(const ip_address& group,
                    const multicast_interface& through = {}) const noexcept;
  /// Errors: `address_not_available` when it is no member.
  result<void> leave(const ip_address& group,
                     const multicast_interface& through = {}) const noexcept;
  /// Receives what this source sends to the group, and nobody else's unless joined likewise.
  result<void> join_source(const ip_address& group, const ip_address& source,
                           const multicast_interface& through = {}) const noexcept;
  result<void> leave_source(const ip_address& group, const ip_address& source,
                            const multicast_interface& through = {}) const noexcept;
  /// Of a group that was joined for all sources, no longer receives what this one sends.
  result<void> block_source(const ip_address& group, const ip_address& source,
                            const multicast_interface& through = {}) const noexcept;
  result<void> unblock_source(const ip_address& group, const ip_address& source,
                              const multicast_interface& through = {}) const noexcept;

  /// How many hops datagrams to multicast groups may go, 0 to 255. Initially 1: the local network.
  result<void> set_multicast_ttl(int hops) const noexcept;
  result<int> multicast_ttl() const noexcept;
  /// Whether members on this machine get what this socket sends. Initially they do.
  result<void> set_multicast_loop(bool on) const noexcept;
  result<bool> multicast_loop() const noexcept;
  /// Through which interface datagrams to multicast groups are sent.
  result<void> set_multicast_interface(const multicast_interface& through) const noexcept;
  /// Of an IPv4 socket, as the address that was set, if one was; of an IPv6 socket, as the index.
  result<multicast_interface> multicast_interface_used() const noexcept;

  /// What receive_message() is to report. Datagrams that came before carry no timestamp.
  result<void> set_reports(const udp_reports& wanted) const noexcept;
  result<udp_reports> reports() const noexcept;

  /// Everything that is sent at once is cut into datagrams of this size (GSO); 0: is not.
  result<void> set_segment_size(int bytes) const noexcept;
  result<int> segment_size() const noexcept;
  /// The system puts datagrams of one sender together, so that one call receives many (GRO). Then
  /// receive_message() and receive_many() tell their size; buffers should have 64 KiB.
  result<void> set_receive_offload(bool on) const noexcept;
  result<bool> receive_offload() const noexcept;

  /// Takes the error that a datagram sent earlier has met with: success holds it, or none.
  /// Does not suspend.
  result<std::error_code> take_error() const noexcept;

  /// Where it is, with the port that the system chose if 0 was asked for. Port 0: unbound.
  result<endpoint> local_endpoint() const noexcept;
  /// Errors: `not_connected`.
  result<endpoint> peer_endpoint() const noexcept;

  /// Closes the socket: calls that wait on it end with `closed`. Idempotent.
  /// Suspends: until those calls have left, briefly. Not a cancellation point.
  void close() noexcept { descriptor_.close(); }
  bool is_open() const noexcept { return descriptor_.is_open(); }

  /// The underlying handle, for options that have no call here.
  const io::descriptor& descriptor() const noexcept { return descriptor_; }

  /// Gives the native handle up without closing it; it stays non-blocking. No call may be waiting.
  /// -1 when there is none.
  int release() noexcept { return descriptor_.release(); }
  /// Takes over a UDP socket.
  static udp_socket from(io::descriptor socket) noexcept { return udp_socket(std::move(socket)); }

 private:
  explicit udp_socket(io::descriptor socket) noexcept : descriptor_(std::move(socket)) {}

  io::descriptor descriptor_;
};

}  // namespace weft
