#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <utility>

#include <weft/io/descriptor.hpp>
#include <weft/net/detail/bound_path.hpp>
#include <weft/net/native_unix_endpoint.hpp>
#include <weft/net/owned_handle.hpp>
#include <weft/net/unix_endpoint.hpp>
#include <weft/net/unix_listener.hpp>
#include <weft/runtime/result.hpp>

#include "datagram.hpp"

/// What the kinds of Unix sockets share.
namespace weft::detail {

/// Binds a socket, as unix_listener::listen() says. The caller adds the address to the error.
result<bound_path> take_path(const io::descriptor& socket, const unix_endpoint& where,
                             const unix_options& options) noexcept;

/// The way out of what binding and connecting fail with.
std::string_view hint_for_unix(std::error_code error) noexcept;

result<std::pair<io::descriptor, io::descriptor>> open_pair(int type) noexcept;

result<unix_endpoint> unix_local_endpoint_of(const io::descriptor& socket) noexcept;
result<unix_endpoint> unix_peer_endpoint_of(const io::descriptor& socket) noexcept;

/// Sends a datagram, and waits while its receiver has no room.
result<void> send_to_unix(const io::descriptor& socket, std::span<const std::byte> data,
                          const native_unix_endpoint& to) noexcept;

/// Sends data and handles as one message.
result<std::size_t> pass_handles(const io::descriptor& socket, std::span<const std::byte> data,
                                 std::span<const int> handles) noexcept;
/// Receives one, with as many of the handles as there is room for.
result<handles_received> take_handles(const io::descriptor& socket, std::span<std::byte> buffer,
                                      std::span<owned_handle> room) noexcept;

}  // namespace weft::detail
