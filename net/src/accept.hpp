#pragma once

#include <weft/io/descriptor.hpp>
#include <weft/runtime/result.hpp>

/// Accepting a connection, for listeners of every kind.
namespace weft::detail {

/// Waits for a connection as tcp_listener::accept() promises. `peer`, if not null, has room for
/// `*peer_size` bytes of the peer's address and gets its length.
result<io::descriptor> accept_on(const io::descriptor& listening, void* peer,
                                 unsigned* peer_size) noexcept;

/// A connection that is there already, or `operation_would_block`.
result<io::descriptor> try_accept_on(const io::descriptor& listening) noexcept;

}  // namespace weft::detail
