#include "packet_info.hpp"

#include <cstring>

/// Systems with an in_pktinfo that tells both: Linux, Windows, macOS.
namespace weft::detail {

static_assert(sizeof(in_pktinfo) <= packet_info_room);

void note_packet_info(udp_arrival& into, int type, std::span<const std::byte> data) noexcept {
  if (type == IP_PKTINFO && !into.destination) {
    const auto info = value_in<in_pktinfo>(data);
    ip_address::v4_octets octets;
    std::memcpy(octets.data(), &info.ipi_addr, octets.size());
    into.destination = ip_address(octets);
    into.interface_index = static_cast<std::uint32_t>(info.ipi_ifindex);
  }
}

result<void> put_packet_info(outgoing& control, const udp_departure& how) noexcept {
  in_pktinfo info{};
  info.ipi_ifindex = static_cast<decltype(info.ipi_ifindex)>(how.interface_index);
  if (how.source) {
    const ip_address source = how.source->unmapped();
    std::memcpy(&info.ipi_spec_dst, source.octets().data(), sizeof info.ipi_spec_dst);
  }
  control.put(IPPROTO_IP, IP_PKTINFO, info);
  return {};
}

}  // namespace weft::detail
