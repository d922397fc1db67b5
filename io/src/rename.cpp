#include <weft/io/rename.hpp>

#include "pool_call.hpp"
#include "syscalls_paths.hpp"

namespace weft::io {

result<void> rename(const std::filesystem::path& from, const std::filesystem::path& to,
                    existing_file existing) {
  return detail::call_on_paths(
      "rename", from, to, [&]() noexcept { return detail::sys::rename_path(from, to, existing); });
}

}  // namespace weft::io
