#include <cstdint>

#include <fcntl.h>
// Not <sys/stat.h>: in some C libraries that has statx() and in some not, and the kernel's cannot
// be had beside it in the former.
#include <linux/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <weft/io/file_status.hpp>

#include "file_clock.hpp"
#include "syscalls_paths_posix.hpp"

namespace weft::detail::sys {

namespace {

wall_time time_of(const struct statx_timestamp& told) noexcept {
  return io::detail::wall_time_of(told.tv_sec, told.tv_nsec);
}

int ask(int directory, const char* path, int flags, io::file_status& into) noexcept {
  struct statx what{};
  if (::syscall(SYS_statx, directory, path, flags, STATX_BASIC_STATS | STATX_BTIME, &what) != 0) {
    return -1;
  }
  into = {.type = type_of_mode(what.stx_mode),
          .permissions = permissions_of_mode(what.stx_mode),
          .size = what.stx_size,
          .links = what.stx_nlink,
          .accessed = time_of(what.stx_atime),
          .modified = time_of(what.stx_mtime),
          .changed = time_of(what.stx_ctime),
          .created = {},
          .device = std::uint64_t{what.stx_dev_major} << 32 | what.stx_dev_minor,
          .number = what.stx_ino};
  if (what.stx_mask & STATX_BTIME) {
    into.created = time_of(what.stx_btime);
  }
  return 0;
}

}  // namespace

int stat_file(int file, io::file_status& into) noexcept {
  constexpr int by_handle = 0x1000;  // AT_EMPTY_PATH
  return ask(file, "", by_handle, into);
}

int stat_path(const char* path, link_use links, io::file_status& into) noexcept {
  return ask(AT_FDCWD, path, links == link_use::kept ? AT_SYMLINK_NOFOLLOW : 0, into);
}

int rename_if_free(const char* from, const char* to) noexcept {
  constexpr unsigned no_replace = 1;  // RENAME_NOREPLACE
  return static_cast<int>(::syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, no_replace));
}

long copy_file_part(int from, int to, std::int64_t offset, std::size_t size) noexcept {
  std::int64_t read_from = offset;
  std::int64_t write_to = offset;
  return ::syscall(SYS_copy_file_range, from, &read_from, to, &write_to, size, 0);
}

}  // namespace weft::detail::sys
