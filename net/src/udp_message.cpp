#include <algorithm>
#include <array>
#include <atomic>
#include <ctime>

#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <weft/net/native_endpoint.hpp>
#include <weft/net/udp.hpp>

#include "control_data.hpp"
#include "datagram.hpp"
#include "packet_info.hpp"
#include "socket_option_names.hpp"

namespace weft {

namespace {

constexpr std::size_t most_buffers = 64;

/// Room for all that set_reports() and set_receive_offload() can ask for, of both protocols.
constexpr std::size_t incoming_control = CMSG_SPACE(detail::packet_info_room) +
                                         CMSG_SPACE(sizeof(in6_pktinfo)) +
                                         3 * CMSG_SPACE(sizeof(int)) + CMSG_SPACE(sizeof(timespec));

template <class Byte>
std::size_t fill(std::span<const std::span<Byte>> buffers,
                 std::array<iovec, most_buffers>& parts) noexcept {
  const std::size_t count = std::min(buffers.size(), most_buffers);
  for (std::size_t i = 0; i < count; ++i) {
    parts[i] = {.iov_base = const_cast<std::byte*>(buffers[i].data()),
                .iov_len = buffers[i].size()};
  }
  return count;
}

std::uint8_t octet_in(std::span<const std::byte> data) noexcept {
  // Linux sends IP_TOS as one byte, the BSDs each of IPv4's; the others come as ints.
  return data.size() < sizeof(int) ? detail::value_in<std::uint8_t>(data)
                                   : static_cast<std::uint8_t>(detail::value_in<int>(data));
}

ip_address address_in(const in6_pktinfo& info) noexcept {
  ip_address::v6_octets octets;
  std::memcpy(octets.data(), &info.ipi6_addr, octets.size());
  const ip_address address(octets);
  return address.is_link_local() ? address.with_scope_id(info.ipi6_ifindex) : address;
}

void note_v4(udp_arrival& into, int type, std::span<const std::byte> data) noexcept {
  // The BSDs answer under the number of the option that asks.
  if (type == IP_TOS || type == detail::option::service_told_v4.name) {
    into.tos = octet_in(data);
  } else if (type == IP_TTL || type == detail::option::hops_told_v4.name) {
    into.ttl = octet_in(data);
  } else {
    detail::note_packet_info(into, type, data);
  }
}

void note_v6(udp_arrival& into, int type, std::span<const std::byte> data) noexcept {
  if (type == IPV6_PKTINFO) {
    const auto info = detail::value_in<in6_pktinfo>(data);
    into.destination = address_in(info);
    into.interface_index = info.ipi6_ifindex;
  } else if (type == IPV6_TCLASS) {
    into.tos = octet_in(data);
  } else if (type == IPV6_HOPLIMIT) {
    into.ttl = octet_in(data);
  }
}

std::chrono::sys_time<std::chrono::nanoseconds> time_in(std::span<const std::byte> data) noexcept {
  using std::chrono::seconds;
  if (detail::option::time_in_microseconds) {
    const auto time = detail::value_in<timeval>(data);
    return std::chrono::sys_time<std::chrono::nanoseconds>(seconds(time.tv_sec) +
                                                           std::chrono::microseconds(time.tv_usec));
  }
  const auto time = detail::value_in<timespec>(data);
  return std::chrono::sys_time<std::chrono::nanoseconds>(seconds(time.tv_sec) +
                                                         std::chrono::nanoseconds(time.tv_nsec));
}

void note(udp_arrival& into, int level, int type, std::span<const std::byte> data) noexcept {
  if (level == IPPROTO_IP) {
    note_v4(into, type, data);
  } else if (level == IPPROTO_IPV6) {
    note_v6(into, type, data);
  } else if (level == SOL_SOCKET && type == detail::option::time_told.name) {
    into.timestamp = time_in(data);
  } else if (level == IPPROTO_UDP && type == detail::option::receive_offload.name) {
    into.segment_size = static_cast<std::size_t>(detail::value_in<int>(data));
  }
}

using detail::outgoing;

result<void> put_source(outgoing& control, const udp_departure& how, bool v4) noexcept {
  if (!how.source && how.interface_index == 0) {
    return {};
  }
  if (v4) {
    return detail::put_packet_info(control, how);
  }
  in6_pktinfo info{};
  info.ipi6_ifindex = how.interface_index;
  if (how.source) {
    const ip_address source = *how.source;
    std::memcpy(&info.ipi6_addr, source.octets().data(), sizeof info.ipi6_addr);
    if (info.ipi6_ifindex == 0) {
      info.ipi6_ifindex = source.scope_id();
    }
  }
  control.put(IPPROTO_IPV6, IPV6_PKTINFO, info);
  return {};
}

/// Whether the datagram travels as IPv4, whatever the socket's family.
result<bool> goes_by_v4(const udp_socket& socket, const udp_departure& how) noexcept {
  if (how.to) {
    return how.to->unmapped().is_v4();
  }
  const auto peer = socket.peer_endpoint();
  return peer ? result<bool>(peer->unmapped().is_v4()) : fail(peer.error());
}

/// A system that does not know about segments would take the request for them without a word and
/// send one large datagram.
result<void> needs_segments(const io::descriptor& socket) noexcept {
  static std::atomic<bool> known{false};
  if (known.load(std::memory_order_relaxed)) {  // publishes nothing but itself
    return {};
  }
  const auto asked = detail::needs_option(socket, detail::option::segment_size);
  if (asked) {
    known.store(true, std::memory_order_relaxed);
  }
  return asked;
}

result<void> put_all(outgoing& control, const udp_socket& socket,
                     const udp_departure& how) noexcept {
  if (how.segment_size != 0) {
    if (auto has = needs_segments(socket.descriptor()); !has) {
      return has;
    }
    control.put(IPPROTO_UDP, detail::option::segment_size.name, how.segment_size);
  }
  if (!how.source && how.interface_index == 0 && !how.tos && !how.ttl) {
    return {};
  }
  const auto v4 = goes_by_v4(socket, how);
  if (!v4) {
    return fail(v4.error());
  }
  if (how.source && how.source->unmapped().is_v4() != *v4) {
    return fail(std::make_error_code(std::errc::invalid_argument));
  }
  if (auto put = put_source(control, how, *v4); !put) {
    return put;
  }
  if (how.tos) {
    control.put(*v4 ? IPPROTO_IP : IPPROTO_IPV6, *v4 ? IP_TOS : IPV6_TCLASS, int{*how.tos});
  }
  if (how.ttl) {
    control.put(*v4 ? IPPROTO_IP : IPPROTO_IPV6, *v4 ? IP_TTL : IPV6_HOPLIMIT, int{*how.ttl});
  }
  return {};
}

}  // namespace

result<udp_arrival> udp_socket::receive_message(
    std::span<const std::span<std::byte>> buffers) const noexcept {
  std::array<iovec, most_buffers> parts;
  native_endpoint from;
  alignas(cmsghdr) std::array<std::byte, incoming_control> control;
  msghdr message{};
  message.msg_name = from.data();
  message.msg_namelen = native_endpoint::capacity();
  message.msg_iov = parts.data();
  message.msg_iovlen = static_cast<decltype(message.msg_iovlen)>(fill(buffers, parts));
  message.msg_control = control.data();
  message.msg_controllen = static_cast<decltype(message.msg_controllen)>(control.size());
  io::operation op{.code = io::opcode::receive_message, .data = &message};
  const auto size = descriptor_.perform(op);
  if (!size) {
    return fail(size.error());
  }
  from.resize(message.msg_namelen);
  udp_arrival arrival{.size = *size,
                      .from = from.to_endpoint().value_or(endpoint()),
                      .truncated = (message.msg_flags & MSG_TRUNC) != 0,
                      .control_truncated = (message.msg_flags & MSG_CTRUNC) != 0};
  detail::for_each_control(message, [&](int level, int type, std::span<const std::byte> data) {
    note(arrival, level, type, data);
  });
  return arrival;
}

result<void> udp_socket::send_message(std::span<const std::span<const std::byte>> data,
                                      const udp_departure& how) const noexcept {
  std::array<iovec, most_buffers> parts;
  outgoing control;
  if (auto put = put_all(control, *this, how); !put) {
    return put;
  }
  native_endpoint to;
  msghdr message{};
  if (how.to) {
    to = native_endpoint(*how.to);
    message.msg_name = to.data();
    message.msg_namelen = to.size();
  }
  message.msg_iov = parts.data();
  message.msg_iovlen = static_cast<decltype(message.msg_iovlen)>(fill(data, parts));
  control.attach_to(message);
  const auto sent = detail::send_message(descriptor_, message);
  return sent ? result<void>() : fail(sent.error());
}

}  // namespace weft
