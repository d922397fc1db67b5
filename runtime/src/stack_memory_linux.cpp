#include <sys/mman.h>

#include "stack_memory.hpp"

namespace weft::detail {

std::byte* map_memory(std::size_t length) noexcept {
  void* const base = mmap(nullptr, length, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (base == MAP_FAILED) {
    return nullptr;
  }
  madvise(base, length, MADV_NOHUGEPAGE);  // a huge page would commit eight stacks at one touch
  return static_cast<std::byte*>(base);
}

void unmap_memory(std::byte* base, std::size_t length) noexcept {
  munmap(base, length);
}

void discard_memory(std::byte* base, std::size_t length) noexcept {
  madvise(base, length, MADV_DONTNEED);
}

}  // namespace weft::detail
