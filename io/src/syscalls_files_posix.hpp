#pragma once

#include <cstdint>

struct iovec;

namespace weft::io {
struct file_options;
}

/// What the systems of POSIX do not have in common with files. As the system's calls: -1 and errno.
namespace weft::detail::sys {

struct file_modes;

/// Of open(), for what open_file() opens.
int open_flags(const io::file_options& options) noexcept;
/// What follows such an open(), which gave `file` or minus an error number: the same, unless what
/// it opened is no file, or cannot be used as the options say.
int finish_open(int file, const io::file_options& options, file_modes& modes) noexcept;

/// What every device's transfers may be aligned to.
inline constexpr int usual_alignment = 4096;
/// Of open(): transfers go past the cache. 0: there is no such flag.
int direct_flag() noexcept;
/// Has the transfers of a file that was opened so go past the cache. Returns what they must be
/// aligned to, or minus an error number.
int go_direct(int file) noexcept;

/// preadv(), if nothing has to be waited for; else, and where the system cannot tell, EAGAIN.
long read_without_waiting(int file, const iovec* parts, unsigned count,
                          std::int64_t offset) noexcept;

/// Whether no device is behind the file.
bool is_in_memory(int file) noexcept;

int sync_to_device(int file) noexcept;
/// Without times and the like, where the system makes a difference.
int sync_data_to_device(int file) noexcept;

}  // namespace weft::detail::sys
