#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include <weft/io/file.hpp>
#include <weft/runtime/config.hpp>
#include <weft/runtime/result.hpp>
#include <weft/runtime/wall_clock.hpp>

namespace weft::io {

/// What the system knows of a file, a directory or whatever else may have a path.
///
/// Kinds and permissions are the standard library's. Times are wall_time, the time of day, instead
/// of its file_time_type, which not every one of them can convert yet; what is beyond the years
/// 1677 and 2262 is those.
struct file_status {
  std::filesystem::file_type type = std::filesystem::file_type::none;
  /// Windows: all may read, and write unless it is read-only; directories may be searched.
  std::filesystem::perms permissions = std::filesystem::perms::none;
  std::uint64_t size = 0;   ///< in bytes; of a symbolic link, of the path in it
  std::uint64_t links = 0;  ///< how many names it has: hard links
  wall_time accessed;
  wall_time modified;
  wall_time changed;                 ///< the last time that anything at all did, names included
  std::optional<wall_time> created;  ///< where the file system knows
  /// Both together are the same for what is one and the same file, and for nothing else that exists
  /// at that time.
  std::uint64_t device = 0;
  std::uint64_t number = 0;

  bool is_same_file(const file_status& other) const noexcept {
    return device == other.device && number == other.number;
  }
};

/// Times to set; what has no value stays as it is.
struct file_times {
  std::optional<wall_time> accessed = std::nullopt;
  std::optional<wall_time> modified = std::nullopt;
};

/// Of what is at a path, or of an open file.
///
/// Suspends: all of these, until the blocking pool has made the call.
/// Errors: the system's; `invalid_argument` for a path with a zero in it; `closed`; those of
///   blocking(); `operation_canceled` and `timed_out` when a scope around the caller ends. Of what
///   concerns a path explain() names it.
/// Cancellation: a call that has not begun is not made, one that has is waited for.
/// Threads: any, fibers or not: a plain thread blocks.
/// Cost: what blocking() costs.
WEFT_API result<file_status> status(const std::filesystem::path& path);
WEFT_API result<file_status> status(const file& open) noexcept;
/// Of the symbolic link itself, where there is one at the end of the path.
WEFT_API result<file_status> symlink_status(const std::filesystem::path& path);

/// Replaces them all; a symbolic link is followed. Windows: owner_write alone matters, without it
/// the file becomes read-only; of an open file only if that was opened to write.
WEFT_API result<void> set_permissions(const std::filesystem::path& path,
                                      std::filesystem::perms permissions);
WEFT_API result<void> set_permissions(const file& open,
                                      std::filesystem::perms permissions) noexcept;

/// As exactly as the file system keeps them; a symbolic link is followed. Windows: of an open file
/// only if that was opened to write.
WEFT_API result<void> set_times(const std::filesystem::path& path, const file_times& times);
WEFT_API result<void> set_times(const file& open, const file_times& times) noexcept;

}  // namespace weft::io
