#pragma once

#include <cstdint>

struct iovec;

namespace weft::io {
struct file_options;
}

/// What the systems of POSIX do not have in common with files. As the system's calls: -1 and errno.
namespace weft::detail::sys {

/// Of open(), for what open_file() opens.
int open_flags(const io::file_options& options) noexcept;

/// preadv(), if nothing has to be waited for; else, and where the system cannot tell, EAGAIN.
long read_without_waiting(int file, const iovec* parts, unsigned count,
                          std::int64_t offset) noexcept;

/// Whether no device is behind the file.
bool is_in_memory(int file) noexcept;

int sync_to_device(int file) noexcept;
/// Without times and the like, where the system makes a difference.
int sync_data_to_device(int file) noexcept;

}  // namespace weft::detail::sys
