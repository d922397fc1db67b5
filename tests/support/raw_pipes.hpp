#pragma once

#include "raw_handles.hpp"

/// Pipes, for systems that can wait for them.
namespace weft::testing {

inline raw_pair pipe_pair() {
  int ends[2] = {-1, -1};
  REQUIRE(raw::pipe(ends));
  return {raw_handle(ends[0]), raw_handle(ends[1])};
}

}  // namespace weft::testing
