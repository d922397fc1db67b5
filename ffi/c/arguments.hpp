#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "errors.hpp"

/// Checks of arguments.
namespace weft::c {

inline constexpr std::size_t longest_text = 4096;

/// An address or a path; bounded, so that a text without its end is not read for long.
inline int read_text(const char* text, std::string_view& into) noexcept {
  if (!text) {
    return misused(WEFT_E_INVALID_ARGUMENT, "the text is null");
  }
  std::size_t size = 0;
  while (size <= longest_text && text[size] != '\0') {
    ++size;
  }
  if (size > longest_text) {
    return misused(WEFT_E_INVALID_ARGUMENT, "the text is longer than 4096 bytes");
  }
  into = {text, size};
  return WEFT_OK;
}

/// Memory to be read or written. A negative size that became a large one is found out.
inline int check_memory(const void* data, std::size_t size) noexcept {
  if (size > static_cast<std::size_t>(PTRDIFF_MAX)) {
    return misused(WEFT_E_INVALID_ARGUMENT, "size is negative or too large");
  }
  if (!data && size > 0) {
    return misused(WEFT_E_INVALID_ARGUMENT, "the buffer is null");
  }
  return WEFT_OK;
}

inline std::span<std::byte> writable(void* data, std::size_t size) noexcept {
  return {static_cast<std::byte*>(data), size};
}
inline std::span<const std::byte> readable(const void* data, std::size_t size) noexcept {
  return {static_cast<const std::byte*>(data), size};
}

}  // namespace weft::c
