#pragma once

#include <utility>

#include <weft/net/tcp.hpp>

#include "raw_handles.hpp"

namespace weft::testing {

/// Hands a plain connected socket to weft.
inline tcp_stream stream_on(raw_handle handle) {
  return tcp_stream::from(adopt(std::move(handle)));
}

}  // namespace weft::testing
