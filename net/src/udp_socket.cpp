#include <array>
#include <optional>

#include <netinet/in.h>
#include <sys/socket.h>

#include <weft/io/detail/syscalls.hpp>
#include <weft/net/address_errc.hpp>
#include <weft/net/native_endpoint.hpp>
#include <weft/net/resolve.hpp>
#include <weft/net/udp.hpp>

#include "datagram.hpp"
#include "socket.hpp"
#include "socket_option_names.hpp"
#include "system_hints.hpp"

namespace weft {

using detail::taking;
using detail::waiting;

namespace {

std::string_view hint_for(std::error_code error) noexcept {
  if (error == std::errc::permission_denied) {
    return detail::hints.port_denied;
  }
  if (error == std::errc::address_in_use) {
    return "another program has that port; port 0 picks a free one";
  }
  if (error == std::errc::address_not_available) {
    return "no interface of this machine has that address";
  }
  return {};
}

result<void> apply_buffers(const udp_socket& made, const udp_options& options) noexcept {
  if (options.receive_buffer > 0) {
    if (auto set = made.set_receive_buffer(options.receive_buffer); !set) {
      return set;
    }
  }
  if (options.send_buffer > 0) {
    return made.set_send_buffer(options.send_buffer);
  }
  return {};
}

result<void> apply(const udp_socket& made, ip_family family, const udp_options& options) noexcept {
  const io::descriptor& socket = made.descriptor();
  const std::array<std::pair<detail::option_name, bool>, 3> flags{{
      {{SOL_SOCKET, SO_REUSEADDR}, options.reuse_address},
      {detail::option::reuse_port, options.reuse_port},
      {{SOL_SOCKET, SO_BROADCAST}, options.broadcast},
  }};
  for (const auto& [option, on] : flags) {
    if (on) {
      if (auto set = detail::set_number(socket, option, 1); !set) {
        return set;
      }
    }
  }
  if (family == ip_family::v6) {
    // Set either way: the system's default can be configured.
    if (auto set = detail::set_number(socket, {IPPROTO_IPV6, IPV6_V6ONLY}, options.v6_only); !set) {
      return set;
    }
  }
  if (!options.interface.empty()) {
    if (auto set =
            detail::set_option(socket, detail::option::bind_to_interface, options.interface.data(),
                               static_cast<unsigned>(options.interface.size()));
        !set) {
      return set;
    }
  }
  return apply_buffers(made, options);
}

result<udp_socket> make(ip_family family, const udp_options& options) noexcept {
  auto socket = detail::open_socket(family == ip_family::v4 ? AF_INET : AF_INET6, SOCK_DGRAM);
  if (!socket) {
    return fail(socket.error());
  }
  udp_socket made = udp_socket::from(std::move(*socket));
  if (auto set = apply(made, family, options); !set) {
    return fail(set.error());
  }
  return made;
}

result<udp_socket::received> receive_named(const io::descriptor& socket,
                                           std::span<std::byte> buffer, waiting mode,
                                           taking how = taking::takes) noexcept {
  native_endpoint from;
  unsigned size = native_endpoint::capacity();
  const auto got = detail::receive_datagram(socket, buffer, from.data(), size, mode, how);
  if (!got) {
    return fail(got.error());
  }
  from.resize(size);
  return udp_socket::received{.size = got->size,
                              .from = from.to_endpoint().value_or(endpoint()),
                              .truncated = got->truncated};
}

result<void> bind_to(const io::descriptor& socket, const endpoint& where) noexcept {
  const native_endpoint address(where);
  return detail::do_on(socket, [&](int fd) noexcept {
    return detail::sys::bind(fd, address.data(), address.size());
  });
}

/// Whether a socket of this family can send there.
bool reaches(ip_family family, const endpoint& peer) noexcept {
  return family == ip_family::v6 || peer.is_v4();
}

}  // namespace

result<udp_socket> udp_socket::unbound(ip_family family, const udp_options& options) noexcept {
  auto made = make(family, options);
  if (!made) {
    return detail::fail_with_note(made.error(), "udp socket",
                                  family == ip_family::v4 ? "of IPv4" : "of IPv6");
  }
  return made;
}

result<udp_socket> udp_socket::bind(const endpoint& where, const udp_options& options) noexcept {
  auto made = make(where.is_v4() ? ip_family::v4 : ip_family::v6, options);
  if (made) {
    if (auto bound = bind_to(made->descriptor_, where); !bound) {
      made = fail(bound.error());
    }
  }
  if (!made) {
    std::array<char, endpoint::text_capacity> text;
    return detail::fail_with_note(made.error(), "bind", where.format_to(text),
                                  hint_for(made.error()));
  }
  return made;
}

result<udp_socket> udp_socket::bind(std::string_view where, const udp_options& options) {
  auto parsed = endpoint::parse(where);
  if (!parsed && parsed.error() == address_errc::host_name) {
    parsed = resolve_first(where);
  }
  if (!parsed) {
    return detail::fail_with_note(parsed.error(), "bind", where);
  }
  return bind(*parsed, options);
}

result<void> udp_socket::send_to(std::span<const std::byte> data,
                                 const endpoint& to) const noexcept {
  const native_endpoint address(to);
  return detail::send_datagram(descriptor_, data, address.data(), address.size(), waiting::allowed);
}

result<void> udp_socket::try_send_to(std::span<const std::byte> data,
                                     const endpoint& to) const noexcept {
  const native_endpoint address(to);
  return detail::send_datagram(descriptor_, data, address.data(), address.size(), waiting::refused);
}

result<udp_socket::received> udp_socket::receive_from(std::span<std::byte> buffer) const noexcept {
  return receive_named(descriptor_, buffer, waiting::allowed);
}

result<udp_socket::received> udp_socket::try_receive_from(
    std::span<std::byte> buffer) const noexcept {
  return receive_named(descriptor_, buffer, waiting::refused);
}

result<udp_socket::received> udp_socket::peek_from(std::span<std::byte> buffer) const noexcept {
  return receive_named(descriptor_, buffer, waiting::allowed, taking::peeks);
}

result<udp_socket::received> udp_socket::try_peek_from(std::span<std::byte> buffer) const noexcept {
  return receive_named(descriptor_, buffer, waiting::refused, taking::peeks);
}

result<void> udp_socket::connect(const endpoint& peer) const noexcept {
  const native_endpoint address(peer);
  const auto named = detail::name_peer(descriptor_, address.data(), address.size());
  if (!named) {
    std::array<char, endpoint::text_capacity> text;
    return detail::fail_with_note(named.error(), "connect", peer.format_to(text));
  }
  return {};
}

result<void> udp_socket::connect(std::string_view peer) const {
  const auto parsed = endpoint::parse(peer);
  if (parsed) {
    return connect(*parsed);
  }
  if (parsed.error() != address_errc::host_name) {
    return detail::fail_with_note(parsed.error(), "connect", peer);
  }
  const auto here = local_endpoint();
  if (!here) {
    return fail(here.error());
  }
  const auto found = resolve(peer);
  if (!found) {
    return detail::fail_with_note(found.error(), "connect", peer);
  }
  std::optional<std::error_code> first_error;
  for (const endpoint& candidate : *found) {
    if (!reaches(here->is_v4() ? ip_family::v4 : ip_family::v6, candidate)) {
      continue;
    }
    const auto connected = connect(candidate);
    if (connected) {
      return {};
    }
    first_error = first_error.value_or(connected.error());
  }
  return detail::fail_with_note(
      first_error.value_or(std::make_error_code(std::errc::address_family_not_supported)),
      "connect", peer);
}

result<void> udp_socket::disconnect() const noexcept {
  const auto before = local_endpoint();
  if (auto gone = detail::forget_peer(descriptor_); !gone) {
    return gone;
  }
  // Linux takes back a port that it has chosen.
  const auto after = local_endpoint();
  const bool lost = before && after && before->port() != 0 && after->port() == 0;
  return lost ? bind_to(descriptor_, after->with_port(before->port())) : result<void>();
}

result<void> udp_socket::send(std::span<const std::byte> data) const noexcept {
  return detail::send_datagram(descriptor_, data, nullptr, 0, waiting::allowed);
}

result<void> udp_socket::try_send(std::span<const std::byte> data) const noexcept {
  return detail::send_datagram(descriptor_, data, nullptr, 0, waiting::refused);
}

result<std::size_t> udp_socket::receive(std::span<std::byte> buffer) const noexcept {
  return detail::receive_datagram(descriptor_, buffer, waiting::allowed);
}

result<std::size_t> udp_socket::try_receive(std::span<std::byte> buffer) const noexcept {
  return detail::receive_datagram(descriptor_, buffer, waiting::refused);
}

result<std::size_t> udp_socket::peek(std::span<std::byte> buffer) const noexcept {
  return detail::receive_datagram(descriptor_, buffer, waiting::allowed, taking::peeks);
}

result<std::size_t> udp_socket::try_peek(std::span<std::byte> buffer) const noexcept {
  return detail::receive_datagram(descriptor_, buffer, waiting::refused, taking::peeks);
}

result<void> udp_socket::readable() const noexcept {
  return detail::wait_readable(descriptor_);
}

result<void> udp_socket::writable() const noexcept {
  return detail::wait_writable(descriptor_);
}

result<endpoint> udp_socket::local_endpoint() const noexcept {
  return detail::local_endpoint_of(descriptor_);
}

result<endpoint> udp_socket::peer_endpoint() const noexcept {
  return detail::peer_endpoint_of(descriptor_);
}

}  // namespace weft
