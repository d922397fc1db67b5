#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <netinet/in.h>
#include <sys/socket.h>

#include <weft/net/udp_message.hpp>
#include <weft/runtime/result.hpp>

#include "control_data.hpp"

/// The control data about the addresses of IPv4 datagrams. One source per way that systems have.
namespace weft::detail {

/// Room for the largest of what systems tell or take.
inline constexpr std::size_t packet_info_room = 16;

inline constexpr std::size_t outgoing_control =
    CMSG_SPACE(sizeof(in6_pktinfo)) + 3 * CMSG_SPACE(sizeof(int));
using outgoing = control_writer<outgoing_control>;

/// Notes where the datagram was sent to, and through which interface it came if the system tells.
void note_packet_info(udp_arrival& into, int type, std::span<const std::byte> data) noexcept;

/// Asks for a datagram to be sent from an address or through an interface. Errors:
/// `operation_not_supported` where an IPv4 datagram cannot choose its interface.
result<void> put_packet_info(outgoing& control, const udp_departure& how) noexcept;

}  // namespace weft::detail
