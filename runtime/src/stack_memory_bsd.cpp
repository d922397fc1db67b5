#include <sys/mman.h>

#include "stack_memory.hpp"

namespace weft::detail {

namespace {

constexpr int flags = MAP_PRIVATE | MAP_ANONYMOUS
#if defined(MAP_NORESERVE)
                      | MAP_NORESERVE
#endif
#if defined(__OpenBSD__)
                      |
                      MAP_STACK  // demanded there; elsewhere without effect, or for a single stack
#endif
    ;

}  // namespace

std::byte* map_memory(std::size_t length) noexcept {
  void* const base = mmap(nullptr, length, PROT_READ | PROT_WRITE, flags, -1, 0);
  return base == MAP_FAILED ? nullptr : static_cast<std::byte*>(base);
}

void unmap_memory(std::byte* base, std::size_t length) noexcept {
  munmap(base, length);
}

void discard_memory(std::byte* base, std::size_t length) noexcept {
  madvise(base, length, MADV_FREE);
}

}  // namespace weft::detail
