#pragma once

#include <weft/io/detail/syscalls.hpp>

/// receive_in_line() and send_in_line(): receive() and send() of syscalls.hpp for those who are
/// called once a message, in line where the system lets itself be called so.
#if defined(__linux__)
#include "syscalls_transfer_linux.hpp"
#else
namespace weft::detail::sys {

inline std::ptrdiff_t receive_in_line(int fd, void* data, std::size_t& size, int flags) noexcept {
  return receive(fd, data, size, flags);
}
inline std::ptrdiff_t send_in_line(int fd, const void* data, std::size_t& size,
                                   int flags) noexcept {
  return send(fd, data, size, flags);
}

}  // namespace weft::detail::sys
#endif
