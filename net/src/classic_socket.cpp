#include <new>

#include <sys/socket.h>

#include <weft/io/detail/syscalls.hpp>
#include <weft/net/socket.hpp>
#include <weft/runtime/sleep.hpp>

#include "any_address.hpp"
#include "datagram.hpp"
#include "socket.hpp"
#include "socket_option.hpp"
#include "system_hints.hpp"
#include "unix_socket.hpp"

namespace weft {

using detail::any_address;

namespace {

int native(socket_domain domain) noexcept {
  switch (domain) {
    case socket_domain::ipv4:
      return AF_INET;
    case socket_domain::ipv6:
      return AF_INET6;
    case socket_domain::local:
      break;
  }
  return AF_UNIX;
}

int native(socket_type type) noexcept {
  switch (type) {
    case socket_type::stream:
      return SOCK_STREAM;
    case socket_type::datagram:
      return SOCK_DGRAM;
    case socket_type::sequenced:
      return SOCK_SEQPACKET;
    case socket_type::raw:
      break;
  }
  return SOCK_RAW;
}

result<io::descriptor> adopt(int fd) noexcept {
  try {
    return io::descriptor::adopt_nonblocking(fd);
  } catch (const std::bad_alloc&) {
    detail::sys::close(fd);
    return fail(std::make_error_code(std::errc::not_enough_memory));
  }
}

std::string_view hint_for(std::error_code error) noexcept {
  if (error == std::errc::operation_not_permitted || error == std::errc::permission_denied) {
    return detail::hints.raw_sockets;
  }
  if (error == std::errc::protocol_not_supported) {
    return "the domain has no such protocol; a raw socket needs one to be given";
  }
  return {};
}

std::string_view hint_for_bind(std::error_code error) noexcept {
  if (error == std::errc::permission_denied) {
    return detail::hints.port_denied;
  }
  if (error == std::errc::address_not_available) {
    return "no interface of this machine has that address";
  }
  return detail::hint_for_unix(error);
}

using name_call = int (*)(int, sockaddr*, unsigned*) noexcept;

result<socket_address> name_of(const io::descriptor& of, socket_domain domain,
                               name_call ask) noexcept {
  any_address name;
  unsigned size = any_address::capacity();
  const auto asked =
      detail::do_on(of, [&](int fd) noexcept { return ask(fd, name.data(), &size); });
  if (!asked) {
    return fail(asked.error());
  }
  name.resize(size);
  return name.value_in(domain);
}

/// Whether a connection stands, or is listened for. To the operation, `already connected` is the
/// success of an attempt that an earlier call has given up, so nobody else would notice.
bool has_a_role(const io::descriptor& of, socket_domain domain) noexcept {
  return name_of(of, domain, &detail::sys::peer_name).has_value() ||
         detail::number(of, SOL_SOCKET, SO_ACCEPTCONN).value_or(0) != 0;
}

/// A connection over TCP or a Unix socket; the latter's full backlog is waited out as in
/// unix_stream::connect().
result<void> establish(const io::descriptor& of, any_address& address, bool local) noexcept {
  for (;;) {
    if (local) {
      const auto named = detail::name_peer(of, address.data(), address.size());
      if (named || named.error() != std::errc::resource_unavailable_try_again) {
        return named;
      }
      if (auto slept = sleep_for(std::chrono::milliseconds(5)); !slept) {
        return slept;
      }
      continue;
    }
    unsigned size = address.size();
    io::operation op{.code = io::opcode::connect, .data = address.data(), .address_size = &size};
    const auto connected = of.perform(op);
    return connected ? result<void>() : fail(connected.error());
  }
}

}  // namespace

result<socket> socket::open(socket_domain domain, socket_type type, int protocol) noexcept {
  const int fd = detail::sys::socket(native(domain), native(type), protocol);
  auto made = fd < 0 ? fail(detail::system_error_of(fd)) : adopt(fd);
  if (!made) {
    return detail::fail_with_note(made.error(), "open", "a socket", hint_for(made.error()));
  }
  return socket(domain, type, std::move(*made));
}

socket::socket(socket_domain domain, socket_type type, int protocol)
    : socket(or_throw(open(domain, type, protocol))) {}

result<void> socket::bind(std::string_view host, std::uint16_t port) {
  const auto where = detail::address_of(domain_, host, port);
  if (!where) {
    return detail::fail_with_note(where.error(), "bind", host);
  }
  result<void> bound;
  if (const auto* local = std::get_if<unix_endpoint>(&*where)) {
    auto taken = detail::take_path(descriptor_, *local, {.replace_stale = replaces_stale_});
    if (taken) {
      path_ = std::move(*taken);
    } else {
      bound = fail(taken.error());
    }
  } else {
    const any_address address(*where);
    bound = detail::do_on(descriptor_, [&](int fd) noexcept {
      return detail::sys::bind(fd, address.data(), address.size());
    });
  }
  return bound ? bound
               : detail::fail_with_note(bound.error(), "bind", detail::text_of(*where),
                                        hint_for_bind(bound.error()));
}

result<void> socket::set_reuse_address(bool on) noexcept {
  replaces_stale_ = on;
  return detail::set_number(descriptor_, {SOL_SOCKET, SO_REUSEADDR}, on);
}

result<void> socket::listen(int backlog) const noexcept {
  return detail::do_on(descriptor_, [&](int fd) noexcept {
    return detail::sys::listen(fd, backlog > 0 ? backlog : SOMAXCONN);
  });
}

result<socket> socket::accept() const noexcept {
  io::operation op{.code = io::opcode::accept};
  const auto accepted = descriptor_.perform(op);
  auto made = accepted ? adopt(static_cast<int>(*accepted)) : fail(accepted.error());
  return made ? result<socket>(socket(domain_, type_, std::move(*made))) : fail(made.error());
}

result<void> socket::connect(std::string_view host, std::uint16_t port) const {
  const auto where = detail::address_of(domain_, host, port);
  if (!where) {
    return detail::fail_with_note(where.error(), "connect", host);
  }
  any_address address(*where);
  const auto done = has_connections() && has_a_role(descriptor_, domain_)
                        ? fail(std::make_error_code(std::errc::already_connected))
                        : establish(descriptor_, address, domain_ == socket_domain::local);
  return done ? done
              : detail::fail_with_note(done.error(), "connect", detail::text_of(*where),
                                       detail::hint_for_unix(done.error()));
}

result<std::size_t> socket::recv(std::span<std::byte> buffer) const noexcept {
  if (buffer.empty() && has_connections()) {
    return 0;
  }
  if (type_ != socket_type::stream) {
    const auto got = detail::receive_datagram(descriptor_, buffer, detail::waiting::allowed);
    return got && *got == 0 && has_connections() ? fail(errc::end_of_stream) : got;
  }
  io::operation op{
      .code = io::opcode::receive, .is_stream = true, .data = buffer.data(), .size = buffer.size()};
  const auto size = descriptor_.perform(op);
  return size && *size == 0 ? fail(errc::end_of_stream) : size;
}

result<std::string> socket::recv(std::size_t most) const {
  std::string text(most, '\0');
  const auto size = recv(std::as_writable_bytes(std::span(text)));
  if (!size) {
    return fail(size.error());
  }
  text.resize(*size);
  return text;
}

result<std::size_t> socket::send(std::span<const std::byte> data) const noexcept {
  if (type_ != socket_type::stream) {
    const auto sent =
        detail::send_datagram(descriptor_, data, nullptr, 0, detail::waiting::allowed);
    return sent ? result<std::size_t>(data.size()) : fail(sent.error());
  }
  if (data.empty()) {
    return 0;
  }
  io::operation op{.code = io::opcode::send,
                   .is_stream = true,
                   .data = const_cast<std::byte*>(data.data()),
                   .size = data.size()};
  return descriptor_.perform(op);
}

result<void> socket::send_all(std::span<const std::byte> data) const noexcept {
  do {
    const auto sent = send(data);
    if (!sent) {
      return fail(sent.error());
    }
    data = data.subspan(*sent);
  } while (!data.empty());
  return {};
}

result<socket::received> socket::recvfrom(std::span<std::byte> buffer) const noexcept {
  any_address from;
  if (type_ == socket_type::stream) {
    const auto got = recv(buffer);
    from.resize(0);  // the system does not tell: there is but one peer
    return got ? received{.size = *got, .from = from.value_in(domain_)}
               : result<received>(fail(got.error()));
  }
  unsigned size = any_address::capacity();
  const auto got =
      detail::receive_datagram(descriptor_, buffer, from.data(), size, detail::waiting::allowed);
  if (!got) {
    return fail(got.error());
  }
  if (got->size == 0 && has_connections() && !buffer.empty()) {
    return fail(errc::end_of_stream);
  }
  from.resize(size);
  return received{.size = got->size, .from = from.value_in(domain_), .truncated = got->truncated};
}

result<std::size_t> socket::sendto(std::span<const std::byte> data,
                                   const socket_address& to) const noexcept {
  if (has_connections()) {
    return send(data);
  }
  result<void> sent;
  if (const auto* local = std::get_if<unix_endpoint>(&to)) {
    sent = detail::send_to_unix(descriptor_, data, native_unix_endpoint(*local));
  } else {
    const any_address address(to);
    sent = detail::send_datagram(descriptor_, data, address.data(), address.size(),
                                 detail::waiting::allowed);
  }
  return sent ? result<std::size_t>(data.size()) : fail(sent.error());
}

result<std::size_t> socket::sendto(std::span<const std::byte> data, std::string_view host,
                                   std::uint16_t port) const {
  const auto to = detail::address_of(domain_, host, port);
  return to ? sendto(data, *to) : detail::fail_with_note(to.error(), "sendto", host);
}

result<socket_address> socket::local_address() const noexcept {
  return name_of(descriptor_, domain_, &detail::sys::local_name);
}

result<socket_address> socket::peer_address() const noexcept {
  return name_of(descriptor_, domain_, &detail::sys::peer_name);
}

}  // namespace weft
