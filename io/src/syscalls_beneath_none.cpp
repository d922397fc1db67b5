#include <cerrno>

#include "syscalls_paths.hpp"

namespace weft::detail::sys {

int open_root(const std::filesystem::path&) noexcept {
  return -EOPNOTSUPP;
}

int open_beneath(int, const std::filesystem::path&, const io::file_options&, file_modes&) noexcept {
  return -EOPNOTSUPP;
}

}  // namespace weft::detail::sys
