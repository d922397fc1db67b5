#pragma once

#include <cerrno>
#include <cstddef>

#include <sys/socket.h>
#include <sys/syscall.h>

#include <weft/io/detail/syscalls.hpp>
#include <weft/runtime/config.hpp>
#include <weft/runtime/detail/compiler.hpp>

#include "raw_call_linux.hpp"
#include "syscalls_posix.hpp"

/// receive() and send() in line, for those who are called once a message. raw_call_linux.hpp says
/// why; sanitizers look at the C library's calls only.
namespace weft::detail::sys {

// Both return a value or minus the error number.
#if defined(SYS_recvfrom) && defined(SYS_sendto) && !WEFT_TSAN && !WEFT_ASAN
inline std::ptrdiff_t receive_now(int fd, void* data, std::size_t size, int flags, sockaddr* from,
                                  unsigned* from_size) noexcept {
  return raw_call(SYS_recvfrom, fd, data, size, flags | MSG_DONTWAIT, from,
                  reinterpret_cast<unsigned long>(from_size));
}
inline std::ptrdiff_t send_now(int fd, const void* data, std::size_t size, int flags,
                               const sockaddr* to, unsigned to_size) noexcept {
  return raw_call(SYS_sendto, fd, data, size, flags | MSG_DONTWAIT | MSG_NOSIGNAL, to, to_size);
}
#else
inline std::ptrdiff_t receive_now(int fd, void* data, std::size_t size, int flags, sockaddr* from,
                                  unsigned* from_size) noexcept {
  const auto result = ::recvfrom(fd, data, size, flags | MSG_DONTWAIT, from, from_size);
  return result < 0 ? -errno : result;
}
inline std::ptrdiff_t send_now(int fd, const void* data, std::size_t size, int flags,
                               const sockaddr* to, unsigned to_size) noexcept {
  const auto result = ::sendto(fd, data, size, flags | MSG_DONTWAIT | MSG_NOSIGNAL, to, to_size);
  return result < 0 ? -errno : result;
}
#endif

WEFT_INLINE_FOR_SPEED std::ptrdiff_t receive_in_line(int fd, void* data, std::size_t& size,
                                                     int flags) noexcept {
  return make_raw(call::receive, fd, size, [&](std::size_t n) {
    return receive_now(fd, data, size = n, flags, nullptr, nullptr);
  });
}

WEFT_INLINE_FOR_SPEED std::ptrdiff_t send_in_line(int fd, const void* data, std::size_t& size,
                                                  int flags) noexcept {
  return make_raw(call::send, fd, size,
                  [&](std::size_t n) { return send_now(fd, data, size = n, flags, nullptr, 0); });
}

}  // namespace weft::detail::sys
