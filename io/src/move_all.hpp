#pragma once

#include <cstddef>
#include <span>

#include <weft/runtime/result.hpp>

namespace weft::io::detail {

/// Calls `move_some(rest)` until it has moved all.
template <class Byte, class Call>
result<void> move_all(std::span<Byte> bytes, Call move_some) noexcept {
  while (!bytes.empty()) {
    const result<std::size_t> n = move_some(bytes);
    if (!n) {
      return fail(n.error());
    }
    bytes = bytes.subspan(*n);
  }
  return {};
}

}  // namespace weft::io::detail
