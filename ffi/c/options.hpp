#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include <weft/ffi/weft.h>

#include "errors.hpp"

namespace weft::c {

/// Copies options that a program of another version may have made: what it does not know is 0, and
/// what this library does not know must be. Null: all 0.
template <class Options>
int read_options(const Options* from, Options& into) noexcept {
  into = {};
  if (!from) {
    return WEFT_OK;
  }
  const std::uint32_t size = from->size;
  if (size < offsetof(Options, size) + sizeof size || size > 4096) {
    return misused(WEFT_E_INVALID_ARGUMENT, "the options' size is not set to their sizeof");
  }
  const auto* bytes = reinterpret_cast<const unsigned char*>(from);
  if (std::any_of(bytes + std::min<std::size_t>(size, sizeof into), bytes + size,
                  [](unsigned char byte) { return byte != 0; })) {
    return misused(WEFT_E_UNKNOWN_OPTION, "the options are of a newer version");
  }
  std::memcpy(&into, from, std::min<std::size_t>(size, sizeof into));
  return WEFT_OK;
}

constexpr bool is_stack_size(std::uint64_t size) noexcept {
  return size >= 16 * 1024 && size <= std::uint64_t{1} << 30;
}

}  // namespace weft::c
