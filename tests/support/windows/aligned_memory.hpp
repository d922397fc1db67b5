#pragma once

#include <cstddef>

#include <malloc.h>

/// Memory of the C library's that is aligned more than all of it is. One header per system.
namespace weft::testing {

inline void* allocate_aligned(std::size_t size, std::size_t to) {
  return _aligned_malloc(size, to);
}
inline void free_aligned(void* at) {
  _aligned_free(at);
}

}  // namespace weft::testing
