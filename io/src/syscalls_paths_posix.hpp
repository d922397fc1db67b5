#pragma once

#include <cstdint>
#include <filesystem>

#include "syscalls_paths.hpp"

/// What the systems of POSIX do not have in common with paths. As the system's calls: -1 and errno.
namespace weft::detail::sys {

int stat_file(int file, io::file_status& into) noexcept;
int stat_path(const char* path, link_use links, io::file_status& into) noexcept;
/// EEXIST where there is something; EINVAL or ENOSYS where that cannot be told in one step.
int rename_if_free(const char* from, const char* to) noexcept;
long copy_file_part(int from, int to, std::int64_t offset, std::size_t size) noexcept;

/// From a mode's bits, which are the same everywhere.
inline std::filesystem::file_type type_of_mode(unsigned mode) noexcept {
  using std::filesystem::file_type;
  switch (mode & 0170000U) {
    case 0010000U:
      return file_type::fifo;
    case 0020000U:
      return file_type::character;
    case 0040000U:
      return file_type::directory;
    case 0060000U:
      return file_type::block;
    case 0100000U:
      return file_type::regular;
    case 0120000U:
      return file_type::symlink;
    case 0140000U:
      return file_type::socket;
    default:
      return file_type::unknown;
  }
}

inline std::filesystem::perms permissions_of_mode(unsigned mode) noexcept {
  return static_cast<std::filesystem::perms>(mode & 07777U);
}

}  // namespace weft::detail::sys
