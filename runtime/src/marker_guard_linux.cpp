#include <cstdio>

#include <sys/mman.h>

#include "marker_guard.hpp"
#include "stack_guard.hpp"

namespace weft::detail {

namespace {

constexpr int install_marker = 102;  // MADV_GUARD_INSTALL, newer than most systems' headers
constexpr std::size_t usual_mapping_limit = 65'530;

}  // namespace

bool has_marker_guards() noexcept {
  const std::size_t length = page_size();
  void* const page =
      mmap(nullptr, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) {
    return false;
  }
  // Whether the page is really out of reach is asked of the kernel, by having it write there.
  const bool works = madvise(page, length, install_marker) == 0 &&
                     mincore(page, 1, static_cast<unsigned char*>(page)) != 0;
  munmap(page, length);
  return works;
}

bool install_marker_guard(std::byte* page) noexcept {
  return madvise(page, page_size(), install_marker) == 0;
}

std::size_t mapping_limit() noexcept {
  std::size_t limit = usual_mapping_limit;
  if (std::FILE* const file = std::fopen("/proc/sys/vm/max_map_count", "re")) {
    if (std::fscanf(file, "%zu", &limit) != 1) {
      limit = usual_mapping_limit;
    }
    std::fclose(file);
  }
  return limit;
}

}  // namespace weft::detail
