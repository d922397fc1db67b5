#pragma once

#include <cstddef>

/// The calls about pipes and what behaves like them; see syscalls.hpp.
namespace weft::detail::sys {

/// write() to a handle whose readers may be gone: EPIPE without SIGPIPE.
std::ptrdiff_t write_quietly(int fd, const void* data, std::size_t& size) noexcept;

}  // namespace weft::detail::sys
