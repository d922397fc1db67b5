// Before any header: offsets and times have 64 bits on 32-bit processors too.
// NOLINTBEGIN(bugprone-reserved-identifier, readability-identifier-naming)
#define _FILE_OFFSET_BITS 64
#define _TIME_BITS 64
// NOLINTEND(bugprone-reserved-identifier, readability-identifier-naming)

#include "syscalls_paths_posix.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <optional>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <weft/io/file_status.hpp>
#include <weft/io/rename.hpp>

#include "syscalls_posix.hpp"

namespace weft::detail::sys {

namespace {

timespec system_time(const std::optional<wall_time>& when) noexcept {
  if (!when) {
    return {.tv_sec = 0, .tv_nsec = UTIME_OMIT};
  }
  const auto second = std::chrono::floor<std::chrono::seconds>(*when);
  return {
      .tv_sec = static_cast<time_t>(second.time_since_epoch().count()),
      .tv_nsec = static_cast<decltype(timespec::tv_nsec)>((*when - second).count()),
  };
}

std::array<timespec, 2> system_times(const io::file_times& times) noexcept {
  return {system_time(times.accessed), system_time(times.modified)};
}

mode_t mode_of(std::filesystem::perms permissions) noexcept {
  return static_cast<mode_t>(permissions & std::filesystem::perms::mask);
}

/// For a moment the file has both names; the second one is taken in one step all the same.
int link_and_unlink(const char* from, const char* to) noexcept {
  if (::link(from, to) != 0) {
    if (errno == EPERM) {
      errno = EOPNOTSUPP;  // directories, and file systems without links
    }
    return -1;
  }
  if (::unlink(from) == 0) {
    return 0;
  }
  const int error = errno;
  ::unlink(to);
  errno = error;
  return -1;
}

}  // namespace

int status_of_file(int file, io::file_status& into) noexcept {
  return make(call::file_status, file, 0, [&](std::size_t) { return stat_file(file, into); });
}

int status_of_path(const std::filesystem::path& path, link_use links,
                   io::file_status& into) noexcept {
  return make(call::file_status, -1, 0,
              [&](std::size_t) { return stat_path(path.c_str(), links, into); });
}

int set_file_permissions(int file, std::filesystem::perms permissions) noexcept {
  return make(call::set_permissions, file, 0,
              [&](std::size_t) { return ::fchmod(file, mode_of(permissions)); });
}

int set_path_permissions(const std::filesystem::path& path,
                         std::filesystem::perms permissions) noexcept {
  return make(call::set_permissions, -1, 0,
              [&](std::size_t) { return ::chmod(path.c_str(), mode_of(permissions)); });
}

int set_file_times(int file, const io::file_times& times) noexcept {
  const auto both = system_times(times);
  return make(call::set_times, file, 0, [&](std::size_t) { return ::futimens(file, both.data()); });
}

int set_path_times(const std::filesystem::path& path, const io::file_times& times) noexcept {
  const auto both = system_times(times);
  return make(call::set_times, -1, 0,
              [&](std::size_t) { return ::utimensat(AT_FDCWD, path.c_str(), both.data(), 0); });
}

int rename_path(const std::filesystem::path& from, const std::filesystem::path& to,
                io::existing_file existing) noexcept {
  if (existing == io::existing_file::replace) {
    return make(call::rename, -1, 0,
                [&](std::size_t) { return ::rename(from.c_str(), to.c_str()); });
  }
  const int renamed = make(call::rename, -1, 0,
                           [&](std::size_t) { return rename_if_free(from.c_str(), to.c_str()); });
  if (renamed != -EINVAL && renamed != -ENOSYS) {
    return renamed;
  }
  return make(call::link, -1, 0,
              [&](std::size_t) { return link_and_unlink(from.c_str(), to.c_str()); });
}

int remove_path(const std::filesystem::path& path) noexcept {
  return make(call::remove, -1, 0, [&](std::size_t) { return std::remove(path.c_str()); });
}

int make_directory(const std::filesystem::path& path, std::filesystem::perms permissions) noexcept {
  return make(call::make_directory, -1, 0,
              [&](std::size_t) { return ::mkdir(path.c_str(), mode_of(permissions)); });
}

int sync_directory(const std::filesystem::path& path) noexcept {
  const char* const name = path.empty() ? "." : path.c_str();
  const int directory = make(call::open_file, -1, 0, [&](std::size_t) {
    return ::open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  });
  if (directory < 0) {
    return directory;
  }
  const int synced =
      make(call::sync_file, directory, 0, [&](std::size_t) { return ::fsync(directory); });
  ::close(directory);
  return synced == -EINVAL ? 0 : synced;  // this file system does not do that
}

std::ptrdiff_t copy_range(int from, int to, std::uint64_t offset, std::size_t size) noexcept {
  return make(call::copy_range, from, size, [&](std::size_t n) -> std::ptrdiff_t {
    return copy_file_part(from, to, static_cast<std::int64_t>(offset), n);
  });
}

}  // namespace weft::detail::sys
