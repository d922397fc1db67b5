#include <array>

#include <sys/socket.h>

#include <weft/net/native_unix_endpoint.hpp>
#include <weft/net/unix_datagram.hpp>

#include "datagram.hpp"
#include "socket.hpp"
#include "socket_option.hpp"
#include "unix_socket.hpp"

namespace weft {

using detail::taking;
using detail::waiting;

namespace {

result<unix_datagram::received> receive_named(const io::descriptor& socket,
                                              std::span<std::byte> buffer, waiting mode,
                                              taking how = taking::takes) noexcept {
  native_unix_endpoint from;
  unsigned size = native_unix_endpoint::capacity();
  const auto got = detail::receive_datagram(socket, buffer, from.data(), size, mode, how);
  if (!got) {
    return fail(got.error());
  }
  from.resize(size);
  return unix_datagram::received{.size = got->size,
                                 .from = from.to_endpoint().value_or(unix_endpoint()),
                                 .truncated = got->truncated};
}

}  // namespace

result<unix_datagram> unix_datagram::bind(const unix_endpoint& where,
                                          const unix_options& options) noexcept {
  auto socket = detail::open_socket(AF_UNIX, SOCK_DGRAM);
  auto path = socket ? detail::take_path(*socket, where, options) : fail(socket.error());
  if (!path) {
    std::array<char, unix_endpoint::text_capacity> text;
    return detail::fail_with_note(path.error(), "bind", where.format_to(text),
                                  detail::hint_for_unix(path.error()));
  }
  unix_datagram made;
  made.descriptor_ = std::move(*socket);
  made.path_ = std::move(*path);
  return made;
}

result<unix_datagram> unix_datagram::bind(std::string_view where,
                                          const unix_options& options) noexcept {
  const auto parsed = unix_endpoint::parse(where);
  return parsed ? bind(*parsed, options) : fail(parsed.error());
}

result<unix_datagram> unix_datagram::unbound() noexcept {
  auto socket = detail::open_socket(AF_UNIX, SOCK_DGRAM);
  return socket ? result<unix_datagram>(from(std::move(*socket))) : fail(socket.error());
}

result<std::pair<unix_datagram, unix_datagram>> unix_datagram::pair() noexcept {
  auto ends = detail::open_pair(SOCK_DGRAM);
  if (!ends) {
    return fail(ends.error());
  }
  return std::pair(from(std::move(ends->first)), from(std::move(ends->second)));
}

result<void> unix_datagram::send_to(std::span<const std::byte> data,
                                    const unix_endpoint& to) const noexcept {
  return detail::send_to_unix(descriptor_, data, native_unix_endpoint(to));
}

result<void> unix_datagram::try_send_to(std::span<const std::byte> data,
                                        const unix_endpoint& to) const noexcept {
  const native_unix_endpoint address(to);
  return detail::send_datagram(descriptor_, data, address.data(), address.size(), waiting::refused);
}

result<unix_datagram::received> unix_datagram::receive_from(
    std::span<std::byte> buffer) const noexcept {
  return receive_named(descriptor_, buffer, waiting::allowed);
}

result<unix_datagram::received> unix_datagram::try_receive_from(
    std::span<std::byte> buffer) const noexcept {
  return receive_named(descriptor_, buffer, waiting::refused);
}

result<unix_datagram::received> unix_datagram::peek_from(
    std::span<std::byte> buffer) const noexcept {
  return receive_named(descriptor_, buffer, waiting::allowed, taking::peeks);
}

result<unix_datagram::received> unix_datagram::try_peek_from(
    std::span<std::byte> buffer) const noexcept {
  return receive_named(descriptor_, buffer, waiting::refused, taking::peeks);
}

result<void> unix_datagram::connect(const unix_endpoint& peer) const noexcept {
  const native_unix_endpoint address(peer);
  const auto named = detail::name_peer(descriptor_, address.data(), address.size());
  if (!named) {
    std::array<char, unix_endpoint::text_capacity> text;
    return detail::fail_with_note(named.error(), "connect", peer.format_to(text),
                                  detail::hint_for_unix(named.error()));
  }
  return {};
}

result<void> unix_datagram::connect(std::string_view peer) const noexcept {
  const auto parsed = unix_endpoint::parse(peer);
  return parsed ? connect(*parsed) : fail(parsed.error());
}

result<void> unix_datagram::disconnect() const noexcept {
  return detail::forget_peer(descriptor_);
}

result<void> unix_datagram::send(std::span<const std::byte> data) const noexcept {
  return detail::send_datagram(descriptor_, data, nullptr, 0, waiting::allowed);
}

result<void> unix_datagram::try_send(std::span<const std::byte> data) const noexcept {
  return detail::send_datagram(descriptor_, data, nullptr, 0, waiting::refused);
}

result<std::size_t> unix_datagram::receive(std::span<std::byte> buffer) const noexcept {
  return detail::receive_datagram(descriptor_, buffer, waiting::allowed);
}

result<std::size_t> unix_datagram::try_receive(std::span<std::byte> buffer) const noexcept {
  return detail::receive_datagram(descriptor_, buffer, waiting::refused);
}

result<std::size_t> unix_datagram::peek(std::span<std::byte> buffer) const noexcept {
  return detail::receive_datagram(descriptor_, buffer, waiting::allowed, taking::peeks);
}

result<std::size_t> unix_datagram::try_peek(std::span<std::byte> buffer) const noexcept {
  return detail::receive_datagram(descriptor_, buffer, waiting::refused, taking::peeks);
}

result<void> unix_datagram::readable() const noexcept {
  return detail::wait_readable(descriptor_);
}

result<void> unix_datagram::writable() const noexcept {
  return detail::wait_writable(descriptor_);
}

result<void> unix_datagram::send_handles(std::span<const std::byte> data,
                                         std::span<const int> handles) const noexcept {
  const auto sent = detail::pass_handles(descriptor_, data, handles);
  return sent ? result<void>() : fail(sent.error());
}

result<handles_received> unix_datagram::receive_handles(
    std::span<std::byte> buffer, std::span<owned_handle> room) const noexcept {
  return detail::take_handles(descriptor_, buffer, room);
}

result<void> unix_datagram::set_send_buffer(int bytes) const noexcept {
  if (bytes < 0) {
    return fail(std::make_error_code(std::errc::invalid_argument));
  }
  return detail::set_number(descriptor_, {SOL_SOCKET, SO_SNDBUF}, bytes);
}

result<int> unix_datagram::send_buffer() const noexcept {
  return detail::number(descriptor_, {SOL_SOCKET, SO_SNDBUF});
}

result<unix_endpoint> unix_datagram::local_endpoint() const noexcept {
  return detail::unix_local_endpoint_of(descriptor_);
}

result<unix_endpoint> unix_datagram::peer_endpoint() const noexcept {
  return detail::unix_peer_endpoint_of(descriptor_);
}

}  // namespace weft
