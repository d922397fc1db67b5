#pragma once

#include <cstdint>
#include <filesystem>

#include <weft/runtime/config.hpp>
#include <weft/runtime/result.hpp>

namespace weft::io {

/// What becomes of what is already where something is to appear.
enum class existing_file : std::uint8_t {
  replace,  ///< gone at the same moment; never is there nothing, or a part
  refuse,   ///< stays, and the call fails with `file_exists`
};

/// Gives a file, a directory or a symbolic link another path in the same file system, in one step.
///
/// Suspends: until the blocking pool has made the call.
/// Errors: the system's, among them `cross_device_link`; `operation_not_supported` to refuse what
///   exists, of directories, where neither system nor file system can tell in the same step;
///   `invalid_argument` for a path with a zero in it; those of blocking(); `operation_canceled` and
///   `timed_out` when a scope around the caller ends. explain() names both paths. Windows:
///   `permission_denied` while the file to replace is open or read-only.
/// Cancellation: a call that has not begun is not made, one that has is waited for.
/// Threads: any, fibers or not: a plain thread blocks.
WEFT_API result<void> rename(const std::filesystem::path& from, const std::filesystem::path& to,
                             existing_file existing = existing_file::replace);

}  // namespace weft::io
