#pragma once

#include <weft/net/unix_stream.hpp>

namespace weft::detail {

/// One source per system.
result<peer_credentials> identity_of_peer(const io::descriptor& socket) noexcept;

}  // namespace weft::detail
