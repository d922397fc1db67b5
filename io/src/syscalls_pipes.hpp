#pragma once

#include <cstddef>

/// The calls about pipes and what behaves like them, terminals among them; see syscalls.hpp.
namespace weft::detail::sys {

/// write() to a handle whose readers may be gone: EPIPE without SIGPIPE.
std::ptrdiff_t write_quietly(int fd, const void* data, std::size_t& size) noexcept;

// What can be moved without waiting, whatever the handle's flags say, at the position that its
// processes share. EAGAIN: nothing, or that cannot be told.
std::ptrdiff_t try_read(int fd, void* data, std::size_t& size) noexcept;
std::ptrdiff_t try_write_quietly(int fd, const void* data, std::size_t& size) noexcept;

/// Another number for the handle, above those of the standard streams and closed by exec().
int duplicate(int fd) noexcept;

/// So much can be written to what poll() says is writable, without waiting: to a file anything.
std::size_t room_when_writable(int fd) noexcept;

}  // namespace weft::detail::sys
