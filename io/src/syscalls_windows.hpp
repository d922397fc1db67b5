#pragma once

#include <algorithm>
#include <cstddef>

#include <sys/socket.h>

#include <weft/io/detail/syscalls.hpp>
#include <weft/runtime/clock.hpp>

/// What the sources of syscalls.hpp share on Windows. The errors there are POSIX's, so that all
/// that is built on the seam compares them as it does elsewhere.
namespace weft::detail::sys {

/// POSIX's number for an error of Winsock's or the system's own.
int errno_of(unsigned long error) noexcept;

inline SOCKET as_socket(int fd) noexcept {
  return static_cast<SOCKET>(fd);
}
inline HANDLE as_handle(int fd) noexcept {
  return reinterpret_cast<HANDLE>(as_socket(fd));
}
inline int as_number(SOCKET socket) noexcept {
  return static_cast<int>(socket);
}

/// The outcome of accepting, told from the end of a connection that was not accepted yet, of which
/// the system tells as if it were the listener's.
inline int of_listener(int outcome) noexcept {
  return outcome == -ECONNRESET || outcome == -ENOTCONN ? -ECONNABORTED : outcome;
}

/// AF_INET and so on; AF_UNSPEC for what is no socket.
int family_of(SOCKET socket) noexcept;
/// SOCK_STREAM and so on; 0 for what is no socket.
int type_of(SOCKET socket) noexcept;

/// What waits of the system take, rounded up: a wait that ends early would be repeated until the
/// time has come.
DWORD milliseconds_left(time_point until) noexcept;

/// Makes a call under the injector's eyes and turns its outcome into a value or minus errno. `make`
/// receives how many bytes it may move, and fails with SOCKET_ERROR.
template <class Call>
auto make(call which, int fd, std::size_t size, Call&& make_it) noexcept {
  using value = decltype(make_it(size));
  for (;;) {
    const fault f = consult(which, fd, size);
    if (f.error == EINTR) {
      continue;
    }
    if (f.error != 0) {
      return static_cast<value>(-f.error);
    }
    const value result = make_it(std::min(size, f.limit));
    return result == SOCKET_ERROR ? static_cast<value>(-errno_of(::GetLastError())) : result;
  }
}

}  // namespace weft::detail::sys
