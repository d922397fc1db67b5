#pragma once

#include <cstdint>
#include <optional>
#include <system_error>

#include <weft/net/unix_endpoint.hpp>

#include "dart_api.hpp"
#include "socket_slot.hpp"

/// Unix sockets: how they begin, and their names. For the rest they are connections and listeners
/// as those of TCP.
namespace weft::dart {

std::int64_t start_connect(port owner, std::int64_t id, const unix_endpoint& where) noexcept;

struct listen_at_name {
  unix_endpoint name;
  int backlog;
  std::optional<std::uint32_t> mode;
};
std::int64_t start_listen(port owner, std::int64_t id, const listen_at_name& where) noexcept;

/// The code of a failed bind or listen.
std::int64_t why_not_bound(std::error_code error) noexcept;

/// The name as text, of which `out` takes any; its size, or a code. The socket's lock is held.
std::int64_t name_of(const socket_slot& slot, bool peers, std::byte* out) noexcept;

}  // namespace weft::dart
