#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>

#include <weft/io/detail/syscalls.hpp>

namespace weft::io {
struct file_status;
struct file_times;
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

}  // namespace weft::detail::sys
