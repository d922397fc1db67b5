#include <array>

#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <weft/net/udp.hpp>

#include "socket.hpp"
#include "socket_option_names.hpp"

namespace weft {

using detail::option_name;

namespace {

/// An option that each of the two protocols has.
struct option_pair {
  option_name v4;
  option_name v6;
};

constexpr option_pair hops{{IPPROTO_IP, IP_TTL}, {IPPROTO_IPV6, IPV6_UNICAST_HOPS}};
constexpr option_pair service{{IPPROTO_IP, IP_TOS}, {IPPROTO_IPV6, IPV6_TCLASS}};
constexpr option_pair multicast_hops{{IPPROTO_IP, IP_MULTICAST_TTL},
                                     {IPPROTO_IPV6, IPV6_MULTICAST_HOPS}};
constexpr option_pair loop{{IPPROTO_IP, IP_MULTICAST_LOOP}, {IPPROTO_IPV6, IPV6_MULTICAST_LOOP}};
constexpr option_pair destination_report{detail::option::destination_v4,
                                         detail::option::destination_v6};
constexpr option_pair service_report{detail::option::service_told_v4,
                                     {IPPROTO_IPV6, IPV6_RECVTCLASS}};
constexpr option_pair hops_report{detail::option::hops_told_v4, {IPPROTO_IPV6, IPV6_RECVHOPLIMIT}};

result<bool> is_v6(const io::descriptor& socket) noexcept {
  const auto here = detail::local_endpoint_of(socket);
  return here ? result<bool>(here->is_v6()) : fail(here.error());
}

/// Sets the option of the socket's protocol; of an IPv6 socket both, because it also carries IPv4.
result<void> set_pair(const io::descriptor& socket, const option_pair& option, int value) noexcept {
  const auto v6 = is_v6(socket);
  if (!v6) {
    return fail(v6.error());
  }
  if (*v6) {
    if (auto set = detail::set_number(socket, option.v6, value); !set) {
      return set;
    }
    if (!detail::number(socket, option.v4)) {
      return {};  // not on Linux: an IPv6 socket has no options of IPv4's
    }
  }
  return detail::set_number(socket, option.v4, value);
}

/// set_pair() of what has to fit an octet. Linux takes -1 for its own default, and of a type of
/// service the lowest eight bits, whatever they are.
result<void> set_octet(const io::descriptor& socket, const option_pair& option, int value,
                       int least = 0) noexcept {
  return value < least || value > 255 ? fail(std::make_error_code(std::errc::invalid_argument))
                                      : set_pair(socket, option, value);
}

/// The same for IPv4 options that OpenBSD takes as one octet, and that others take so, too.
result<void> set_octet_pair(const io::descriptor& socket, const option_pair& option,
                            int value) noexcept {
  const auto set = set_octet(socket, option, value);
  if (set || set.error() != std::errc::invalid_argument || value < 0 || value > 255) {
    return set;
  }
  return detail::set_value(socket, option.v4, static_cast<unsigned char>(value));
}

/// A negative number would be the largest there is to Linux.
result<void> set_bytes(const io::descriptor& socket, const option_name& option,
                       int bytes) noexcept {
  return bytes < 0 ? fail(std::make_error_code(std::errc::invalid_argument))
                   : detail::set_number(socket, option, bytes);
}

/// Nobody misses a report that is not wanted.
result<void> unless_missed(const result<void>& set, bool on) noexcept {
  return !on && !set && set.error() == std::errc::operation_not_supported ? result<void>() : set;
}

result<void> set_report(const io::descriptor& socket, const option_pair& option, bool on) noexcept {
  return unless_missed(set_pair(socket, option, on), on);
}

result<int> ask_pair(const io::descriptor& socket, const option_pair& option) noexcept {
  const auto v6 = is_v6(socket);
  return v6 ? detail::number(socket, *v6 ? option.v6 : option.v4) : fail(v6.error());
}

/// What the system cannot report is never on.
result<bool> or_off(const result<int>& value) noexcept {
  if (!value) {
    return value.error() == std::errc::operation_not_supported ? result<bool>(false)
                                                               : fail(value.error());
  }
  return *value != 0;
}

result<bool> report_is_on(const io::descriptor& socket, const option_pair& option) noexcept {
  return or_off(ask_pair(socket, option));
}

result<bool> pair_is_on(const io::descriptor& socket, const option_pair& option) noexcept {
  const auto value = ask_pair(socket, option);
  return value ? result<bool>(*value != 0) : fail(value.error());
}

}  // namespace

result<bool> udp_socket::reuse_address() const noexcept {
  return detail::is_on(descriptor_, {SOL_SOCKET, SO_REUSEADDR});
}

result<bool> udp_socket::reuse_port() const noexcept {
  return detail::is_on(descriptor_, detail::option::reuse_port);
}

result<bool> udp_socket::v6_only() const noexcept {
  const auto v6 = is_v6(descriptor_);
  if (!v6 || !*v6) {
    return fail(v6 ? detail::system_error_of(-EOPNOTSUPP) : v6.error());
  }
  return detail::is_on(descriptor_, {IPPROTO_IPV6, IPV6_V6ONLY});
}

result<std::string> udp_socket::interface_name() const {
  std::array<char, IFNAMSIZ> text{};
  unsigned size = text.size();
  const auto asked =
      detail::ask_option(descriptor_, detail::option::bind_to_interface, text.data(), size);
  return asked ? result<std::string>(text.data()) : fail(asked.error());
}

result<void> udp_socket::set_broadcast(bool on) const noexcept {
  return detail::set_number(descriptor_, {SOL_SOCKET, SO_BROADCAST}, on);
}

result<bool> udp_socket::broadcast() const noexcept {
  return detail::is_on(descriptor_, {SOL_SOCKET, SO_BROADCAST});
}

result<void> udp_socket::set_ttl(int value) const noexcept {
  return set_octet(descriptor_, hops, value, 1);
}

result<int> udp_socket::ttl() const noexcept {
  return ask_pair(descriptor_, hops);
}

result<void> udp_socket::set_tos(int value) const noexcept {
  return set_octet(descriptor_, service, value);
}

result<int> udp_socket::tos() const noexcept {
  return ask_pair(descriptor_, service);
}

result<void> udp_socket::set_receive_buffer(int bytes) const noexcept {
  return set_bytes(descriptor_, {SOL_SOCKET, SO_RCVBUF}, bytes);
}

result<int> udp_socket::receive_buffer() const noexcept {
  return detail::number(descriptor_, {SOL_SOCKET, SO_RCVBUF});
}

result<void> udp_socket::set_send_buffer(int bytes) const noexcept {
  return set_bytes(descriptor_, {SOL_SOCKET, SO_SNDBUF}, bytes);
}

result<int> udp_socket::send_buffer() const noexcept {
  return detail::number(descriptor_, {SOL_SOCKET, SO_SNDBUF});
}

result<void> udp_socket::set_multicast_ttl(int value) const noexcept {
  return set_octet_pair(descriptor_, multicast_hops, value);
}

result<int> udp_socket::multicast_ttl() const noexcept {
  return ask_pair(descriptor_, multicast_hops);
}

result<void> udp_socket::set_multicast_loop(bool on) const noexcept {
  return set_octet_pair(descriptor_, loop, on);
}

result<bool> udp_socket::multicast_loop() const noexcept {
  return pair_is_on(descriptor_, loop);
}

result<void> udp_socket::set_reports(const udp_reports& wanted) const noexcept {
  if (auto set = set_report(descriptor_, destination_report, wanted.destination); !set) {
    return set;
  }
  if (auto set = set_report(descriptor_, service_report, wanted.tos); !set) {
    return set;
  }
  if (auto set = set_report(descriptor_, hops_report, wanted.ttl); !set) {
    return set;
  }
  return unless_missed(detail::set_number(descriptor_, detail::option::timestamp, wanted.timestamp),
                       wanted.timestamp);
}

result<udp_reports> udp_socket::reports() const noexcept {
  const auto destination = report_is_on(descriptor_, destination_report);
  const auto tos = report_is_on(descriptor_, service_report);
  const auto ttl = report_is_on(descriptor_, hops_report);
  const auto timestamp = or_off(detail::number(descriptor_, detail::option::timestamp));
  for (const auto* asked : {&destination, &tos, &ttl, &timestamp}) {
    if (!*asked) {
      return fail(asked->error());
    }
  }
  return udp_reports{
      .destination = *destination, .tos = *tos, .ttl = *ttl, .timestamp = *timestamp};
}

result<void> udp_socket::set_segment_size(int bytes) const noexcept {
  return detail::set_number(descriptor_, detail::option::segment_size, bytes);
}

result<int> udp_socket::segment_size() const noexcept {
  return detail::number(descriptor_, detail::option::segment_size);
}

result<void> udp_socket::set_receive_offload(bool on) const noexcept {
  return detail::set_number(descriptor_, detail::option::receive_offload, on);
}

result<bool> udp_socket::receive_offload() const noexcept {
  return detail::is_on(descriptor_, detail::option::receive_offload);
}

result<std::error_code> udp_socket::take_error() const noexcept {
  const auto pending = detail::number(descriptor_, {SOL_SOCKET, SO_ERROR});
  return pending ? result<std::error_code>(detail::system_error_of(-*pending))
                 : fail(pending.error());
}

}  // namespace weft
