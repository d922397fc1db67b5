#include <weft/io/file_status.hpp>

#include "pool_call.hpp"
#include "syscalls_paths.hpp"

namespace weft::io {

namespace {

using detail::sys::link_use;

result<file_status> status_of(const std::filesystem::path& path, link_use links) {
  file_status found;
  const auto done = detail::call_on_path(
      "stat", path, [&]() noexcept { return detail::sys::status_of_path(path, links, found); });
  return done ? result<file_status>(found) : fail(done.error());
}

}  // namespace

result<file_status> status(const std::filesystem::path& path) {
  return status_of(path, link_use::followed);
}

result<file_status> symlink_status(const std::filesystem::path& path) {
  return status_of(path, link_use::kept);
}

result<file_status> status(const file& open) noexcept {
  file_status found;
  const auto done = detail::call_on_handle(open.descriptor(), [&](int handle) noexcept {
    return detail::sys::status_of_file(handle, found);
  });
  return done ? result<file_status>(found) : fail(done.error());
}

result<void> set_permissions(const std::filesystem::path& path,
                             std::filesystem::perms permissions) {
  return detail::call_on_path("set permissions of", path, [&]() noexcept {
    return detail::sys::set_path_permissions(path, permissions);
  });
}

result<void> set_permissions(const file& open, std::filesystem::perms permissions) noexcept {
  const auto done = detail::call_on_handle(open.descriptor(), [=](int handle) noexcept {
    return detail::sys::set_file_permissions(handle, permissions);
  });
  return done ? result<void>() : fail(done.error());
}

result<void> set_times(const std::filesystem::path& path, const file_times& times) {
  return detail::call_on_path("set times of", path,
                              [&]() noexcept { return detail::sys::set_path_times(path, times); });
}

result<void> set_times(const file& open, const file_times& times) noexcept {
  const auto done = detail::call_on_handle(open.descriptor(), [&](int handle) noexcept {
    return detail::sys::set_file_times(handle, times);
  });
  return done ? result<void>() : fail(done.error());
}

}  // namespace weft::io
