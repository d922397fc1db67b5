#include <cstring>

#include "packet_info.hpp"

/// FreeBSD, NetBSD, OpenBSD: addresses only, by options of their own.
namespace weft::detail {

static_assert(sizeof(in_addr) <= packet_info_room);

void note_packet_info(udp_arrival& into, int type, std::span<const std::byte> data) noexcept {
  if (type == IP_RECVDSTADDR && !into.destination) {
    into.destination = ip_address(value_in<ip_address::v4_octets>(data));
  }
}

result<void> put_packet_info(outgoing& control, const udp_departure& how) noexcept {
  if (how.interface_index != 0) {
    return fail(std::make_error_code(std::errc::operation_not_supported));
  }
  const ip_address source = how.source->unmapped();
  in_addr native;
  std::memcpy(&native, source.octets().data(), sizeof native);
  control.put(IPPROTO_IP, IP_SENDSRCADDR, native);
  return {};
}

}  // namespace weft::detail
