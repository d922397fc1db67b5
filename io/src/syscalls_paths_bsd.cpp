#include <cerrno>
#include <cstdint>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <weft/io/file_status.hpp>

#include "file_clock.hpp"
#include "syscalls_paths_posix.hpp"

namespace weft::detail::sys {

namespace {

wall_time time_of(const timespec& told) noexcept {
  return io::detail::wall_time_of(told.tv_sec, told.tv_nsec);
}

int tell(int outcome, const struct stat& what, io::file_status& into) noexcept {
  if (outcome != 0) {
    return outcome;
  }
  into = {.type = type_of_mode(what.st_mode),
          .permissions = permissions_of_mode(what.st_mode),
          .size = static_cast<std::uint64_t>(what.st_size),
          .links = static_cast<std::uint64_t>(what.st_nlink),
          .accessed = time_of(what.st_atimespec),
          .modified = time_of(what.st_mtimespec),
          .changed = time_of(what.st_ctimespec),
          .created = {},
          .device = static_cast<std::uint64_t>(what.st_dev),
          .number = static_cast<std::uint64_t>(what.st_ino)};
#if !defined(__OpenBSD__)
  // -1: the file system does not know.
  if (what.st_birthtimespec.tv_sec != -1) {
    into.created = time_of(what.st_birthtimespec);
  }
#endif
  return 0;
}

}  // namespace

int stat_file(int file, io::file_status& into) noexcept {
  struct stat what{};
  return tell(::fstat(file, &what), what, into);
}

int stat_path(const char* path, link_use links, io::file_status& into) noexcept {
  struct stat what{};
  const int flags = links == link_use::kept ? AT_SYMLINK_NOFOLLOW : 0;
  return tell(::fstatat(AT_FDCWD, path, &what, flags), what, into);
}

int rename_if_free(const char*, const char*) noexcept {
  errno = ENOSYS;
  return -1;
}

#if defined(__FreeBSD__)
long copy_file_part(int from, int to, std::int64_t offset, std::size_t size) noexcept {
  off_t read_from = offset;
  off_t write_to = offset;
  return ::copy_file_range(from, &read_from, to, &write_to, size, 0);
}
#else
long copy_file_part(int, int, std::int64_t, std::size_t) noexcept {
  errno = ENOSYS;
  return -1;
}
#endif

}  // namespace weft::detail::sys
