#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>

#include <weft/io/detail/syscalls.hpp>

namespace weft::io {
struct file_status;
struct file_times;
enum class existing_file : std::uint8_t;
enum class lock_mode : std::uint8_t;
}  // namespace weft::io

/// The part of the seam that is about what paths lead to. As there: the value, or minus the error
/// number. All of these wait for a device where they have to.
namespace weft::detail::sys {

/// Of a symbolic link at the end of a path.
enum class link_use : std::uint8_t { followed, kept };

int status_of_file(int file, io::file_status& into) noexcept;
int status_of_path(const std::filesystem::path& path, link_use links,
                   io::file_status& into) noexcept;
int set_file_permissions(int file, std::filesystem::perms permissions) noexcept;
int set_path_permissions(const std::filesystem::path& path,
                         std::filesystem::perms permissions) noexcept;
int set_file_times(int file, const io::file_times& times) noexcept;
int set_path_times(const std::filesystem::path& path, const io::file_times& times) noexcept;
int rename_path(const std::filesystem::path& from, const std::filesystem::path& to,
                io::existing_file existing) noexcept;
/// A file, a link or an empty directory.
int remove_path(const std::filesystem::path& path) noexcept;
int make_directory(const std::filesystem::path& path, std::filesystem::perms permissions) noexcept;
/// That names in it are as they are whatever happens; an empty path is where one is.
int sync_directory(const std::filesystem::path& path) noexcept;
/// Copies from one open file to another at the same offset, without reading it: how much, 0 at the
/// end, or an error where the system cannot do that with these files.
std::ptrdiff_t copy_range(int from, int to, std::uint64_t offset, std::size_t size) noexcept;

/// Whole, and without waiting: EWOULDBLOCK when another has it.
int try_lock_file(int file, io::lock_mode mode) noexcept;
int unlock_file(int file) noexcept;

/// EOPNOTSUPP, of both, where the system cannot keep a path from leading out.
int open_root(const std::filesystem::path& path) noexcept;
/// As open_file(); EXDEV: the path leads out.
int open_beneath(int root, const std::filesystem::path& path, const io::file_options& options,
                 file_modes& modes) noexcept;

}  // namespace weft::detail::sys
