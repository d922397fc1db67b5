#include <weft/io/root_directory.hpp>

#include "file_open.hpp"
#include "pool_call.hpp"
#include "syscalls_paths.hpp"

namespace weft::io {

namespace {

namespace sys = weft::detail::sys;

std::unexpected<std::error_code> invalid() noexcept {
  return fail(std::make_error_code(std::errc::invalid_argument));
}

}  // namespace

result<root_directory> root_directory::open(const std::filesystem::path& path) {
  if (detail::has_zero(path)) {
    return invalid();
  }
  const auto handle = detail::call_on_pool([&]() noexcept { return sys::open_root(path); });
  if (!handle) {
    return fail(handle.error());
  }
  if (*handle < 0) {
    return detail::refused("open", path, sys::error_of(*handle));
  }
  try {
    return root_directory(descriptor::adopt_nonblocking(*handle));  // nothing waits for it
  } catch (const std::bad_alloc&) {
    sys::close(*handle);
    return fail(std::make_error_code(std::errc::not_enough_memory));
  }
}

result<file> root_directory::open_file(const std::filesystem::path& path,
                                       const file_options& options) const {
  if (detail::has_zero(path) || detail::contradicts_itself(options)) {
    return invalid();
  }
  sys::file_modes opened_for;
  const auto handle = detail::call_on_handle(descriptor_, [&](int root) noexcept {
    return sys::open_beneath(root, path, options, opened_for);
  });
  if (!handle) {
    return detail::refused("open", path, handle.error());
  }
  auto opened = file::take(*handle, opened_for);
  if (!opened) {
    sys::close(*handle);
  }
  return opened;
}

}  // namespace weft::io
