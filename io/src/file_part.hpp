#pragma once

#include <algorithm>
#include <cstddef>

#include <sys/uio.h>

#include <weft/io/operation.hpp>

namespace weft::io::detail {

/// The first of the parts with anything in it, and of that at most so many bytes: for calls that
/// move one part only, or are to move less than all.
inline iovec first_part(const file_transfer& what, std::size_t most) noexcept {
  iovec first{};
  for (unsigned i = 0; i < what.count && first.iov_len == 0; ++i) {
    first = what.parts[i];
  }
  first.iov_len = std::min<std::size_t>(first.iov_len, most);
  return first;
}

}  // namespace weft::io::detail
