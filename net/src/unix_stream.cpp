#include <algorithm>
#include <array>

#include <sys/socket.h>

#include <weft/net/native_unix_endpoint.hpp>
#include <weft/net/unix_stream.hpp>
#include <weft/runtime/cancel.hpp>
#include <weft/runtime/sleep.hpp>

#include "peer_identity.hpp"
#include "socket.hpp"
#include "unix_socket.hpp"

namespace weft {

namespace {

/// The system says that the backlog is full, and never that it is no longer.
result<void> establish(const io::descriptor& socket, const unix_endpoint& where) noexcept {
  const native_unix_endpoint address(where);
  duration pause = std::chrono::milliseconds(1);
  for (;;) {
    if (auto open = check_cancel(); !open) {
      return open;
    }
    const auto connected = detail::name_peer(socket, address.data(), address.size());
    if (connected || connected.error() != std::errc::resource_unavailable_try_again) {
      return connected;
    }
    if (auto slept = sleep_for(pause); !slept) {
      return slept;
    }
    pause = std::min<duration>(pause * 2, std::chrono::milliseconds(50));
  }
}

}  // namespace

result<unix_stream> unix_stream::connect(const unix_endpoint& where) noexcept {
  auto socket = detail::open_socket(AF_UNIX, SOCK_STREAM);
  const auto done = socket ? establish(*socket, where) : fail(socket.error());
  if (!done) {
    std::array<char, unix_endpoint::text_capacity> text;
    return detail::fail_with_note(done.error(), "connect", where.format_to(text),
                                  detail::hint_for_unix(done.error()));
  }
  return unix_stream(std::move(*socket));
}

result<unix_stream> unix_stream::connect(std::string_view where) noexcept {
  const auto parsed = unix_endpoint::parse(where);
  return parsed ? connect(*parsed) : fail(parsed.error());
}

result<std::pair<unix_stream, unix_stream>> unix_stream::pair() noexcept {
  auto ends = detail::open_pair(SOCK_STREAM);
  if (!ends) {
    return fail(ends.error());
  }
  return std::pair(unix_stream(std::move(ends->first)), unix_stream(std::move(ends->second)));
}

result<std::size_t> unix_stream::send_handles(std::span<const std::byte> data,
                                              std::span<const int> handles) const noexcept {
  if (data.empty()) {
    return fail(std::make_error_code(std::errc::invalid_argument));
  }
  return detail::pass_handles(descriptor(), data, handles);
}

result<handles_received> unix_stream::receive_handles(std::span<std::byte> buffer,
                                                      std::span<owned_handle> room) const noexcept {
  if (buffer.empty()) {
    return fail(std::make_error_code(std::errc::invalid_argument));
  }
  const auto got = detail::take_handles(descriptor(), buffer, room);
  if (got && got->size == 0) {
    return fail(errc::end_of_stream);
  }
  return got;
}

result<peer_credentials> unix_stream::peer_credentials() const noexcept {
  return detail::identity_of_peer(descriptor());
}

result<unix_endpoint> unix_stream::local_endpoint() const noexcept {
  return detail::unix_local_endpoint_of(descriptor());
}

result<unix_endpoint> unix_stream::peer_endpoint() const noexcept {
  return detail::unix_peer_endpoint_of(descriptor());
}

}  // namespace weft
