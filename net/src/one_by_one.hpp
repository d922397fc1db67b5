#pragma once

#include <cstddef>
#include <span>

#include "many_messages.hpp"

/// For systems that have no call for many messages, or have it forbidden.
namespace weft::detail {

/// One at a time. The error counts only if nothing was done.
template <class Single>
int one_by_one(std::span<numbered_message> messages, Single&& single) noexcept {
  int done = 0;
  for (numbered_message& message : messages) {
    const std::ptrdiff_t size = single(message.msg_hdr);
    if (size < 0) {
      return done > 0 ? done : static_cast<int>(size);
    }
    message.msg_len = static_cast<unsigned>(size);
    ++done;
  }
  return done;
}

}  // namespace weft::detail
