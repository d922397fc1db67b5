#pragma once

#include <weft/io/file_options.hpp>

namespace weft::io::detail {

/// Whether the file would be changed without write access.
inline bool contradicts_itself(const file_options& options) noexcept {
  const bool would_change = options.append || options.create == file_creation::truncate;
  return would_change && options.access == file_access::read;
}

}  // namespace weft::io::detail
