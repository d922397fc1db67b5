// Before any header: offsets and times have 64 bits on 32-bit processors too.
#define _FILE_OFFSET_BITS 64  // NOLINT(bugprone-reserved-identifier)
#define _TIME_BITS 64         // NOLINT(bugprone-reserved-identifier)

#include "syscalls_paths_posix.hpp"

#include <array>
#include <chrono>
#include <optional>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <weft/io/file_status.hpp>

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

}  // namespace weft::detail::sys
