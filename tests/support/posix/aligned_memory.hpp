#pragma once

#include <cstddef>
#include <cstdlib>

/// Memory of the C library's that is aligned more than all of it is. One header per system.
namespace weft::testing {

inline void* allocate_aligned(std::size_t size, std::size_t to) {
  return std::aligned_alloc(to, (size + to - 1) / to * to);
}
inline void free_aligned(void* at) {
  std::free(at);
}

}  // namespace weft::testing
