#pragma once

#include <cstdint>
#include <filesystem>

#include <weft/runtime/config.hpp>
#include <weft/runtime/result.hpp>

namespace weft::io {

/// Directories, links, and what becomes of them.
///
/// Suspends: all of these, until the blocking pool has made the call.
/// Errors: the system's; `operation_not_supported` for links where there are none (Windows:
/// symbolic
///   ones); `invalid_argument` for a path with a zero in it; those of blocking();
///   `operation_canceled` and `timed_out` when a scope around the caller ends. What explain() says
///   names the path.
/// Cancellation: a call that has not begun is not made, one that has is waited for, even if it is
///   the removal of a large tree.
/// Threads: any, fibers or not: a plain thread blocks.
/// Cost: what blocking() costs.

/// The process's mask takes some of the permissions away; Windows has none here.
/// Errors: `file_exists`, also for a directory.
WEFT_API result<void> create_directory(
    const std::filesystem::path& path,
    std::filesystem::perms permissions = std::filesystem::perms::all);
/// With all above it that are missing; whether there was one to make.
/// Errors: `not_a_directory` or `file_exists` when something else is in the way.
WEFT_API result<bool> create_directories(const std::filesystem::path& path);

/// Removes a file, an empty directory, or a symbolic link, not what that leads to.
/// Errors: `no_such_file_or_directory`, `directory_not_empty`.
WEFT_API result<void> remove(const std::filesystem::path& path);
/// With all that is below; how many were removed, none if nothing was there. Symbolic links are
/// removed, and not followed, whoever puts one in the way meanwhile: as
/// std::filesystem::remove_all() has it, by handles (libstdc++ 11.3; Windows: by paths). After an
/// error a part is gone.
WEFT_API result<std::uintmax_t> remove_all(const std::filesystem::path& path);

/// Gives a file one more name in the same file system.
WEFT_API result<void> create_hard_link(const std::filesystem::path& file,
                                       const std::filesystem::path& link);
/// Makes a link to a path, which need not be there; from a relative one, the way begins at the
/// link's directory.
WEFT_API result<void> create_symlink(const std::filesystem::path& target,
                                     const std::filesystem::path& link);
/// The path in a symbolic link. Errors: `invalid_argument` when it is none.
WEFT_API result<std::filesystem::path> read_symlink(const std::filesystem::path& link);
/// The absolute path to the same, without links and dots.
WEFT_API result<std::filesystem::path> real_path(const std::filesystem::path& path);

}  // namespace weft::io
