#pragma once

#include <cstddef>

/// What the systems of POSIX do not have in common with pipes. As the system's calls: -1 and errno.
namespace weft::detail::sys {

long read_at_once(int fd, void* data, std::size_t size) noexcept;
long write_at_once(int fd, const void* data, std::size_t size) noexcept;

}  // namespace weft::detail::sys
