#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include <weft/net/endpoint.hpp>

/// What goes with datagrams beside their bytes: see udp_socket.
namespace weft {

/// Which control data udp_socket::receive_message() is to report with each datagram.
struct udp_reports {
  /// The address it was sent to, and the interface it came through.
  bool destination = false;
  /// Its type of service (IPv4) or traffic class (IPv6); the lower two bits are the ECN field.
  bool tos = false;
  /// How many hops it may still go.
  bool ttl = false;
  /// When the system received it.
  bool timestamp = false;

  friend constexpr bool operator==(const udp_reports&, const udp_reports&) noexcept = default;
};

/// A datagram that came in, as udp_socket::receive_message() tells it. What the system did not
/// report is empty.
struct udp_arrival {
  /// The bytes in the buffer.
  std::size_t size = 0;
  endpoint from = {};
  /// The datagram was larger than the buffer; the rest is lost.
  bool truncated = false;
  /// The system had more control data than there was room for.
  bool control_truncated = false;

  std::optional<ip_address> destination = {};
  /// The index of the interface it came through; 0: not reported.
  std::uint32_t interface_index = 0;
  std::optional<std::uint8_t> tos = {};
  std::optional<std::uint8_t> ttl = {};
  std::optional<std::chrono::sys_time<std::chrono::nanoseconds>> timestamp = {};
  /// The buffer holds several datagrams of this size each, the last perhaps shorter, that the
  /// system has put together; 0: it holds one. See udp_socket::set_receive_offload().
  std::size_t segment_size = 0;
};

/// How udp_socket::send_message() sends a datagram. What is left empty is as the socket has it.
struct udp_departure {
  /// Where to; a connected socket needs none.
  std::optional<endpoint> to = {};
  /// The address to send from, one of this machine's.
  std::optional<ip_address> source = {};
  /// The index of the interface to send through; 0: as the routes say.
  std::uint32_t interface_index = 0;
  std::optional<std::uint8_t> tos = {};
  std::optional<std::uint8_t> ttl = {};
  /// Not 0: the data is cut into datagrams of this size, the last perhaps shorter, by the system or
  /// the network card. At most 64 of them, and 65,507 bytes in all.
  std::uint16_t segment_size = 0;
};

/// Room for a datagram, and what udp_socket::receive_many() put there.
struct udp_slot {
  /// Filled in by the caller.
  std::span<std::byte> buffer = {};

  std::size_t size = 0;
  endpoint from = {};
  bool truncated = false;
  /// As in udp_arrival.
  std::size_t segment_size = 0;

  std::span<std::byte> data() const noexcept { return buffer.first(size); }
};

/// A datagram for udp_socket::send_many().
struct udp_parcel {
  std::span<const std::byte> data = {};
  /// Where to; a connected socket needs none.
  std::optional<endpoint> to = {};
};

}  // namespace weft
