#include <array>
#include <vector>

#include <doctest/doctest.h>

#include "errno_table.hpp"
#include "syscalls_windows.hpp"

namespace weft::testing {

namespace {

using detail::sys::call;

/// An error of Winsock's or the system's own, and POSIX's number for it.
struct windows_error {
  unsigned long code;
  int number;
  std::string_view name;
  fate what;
};

#define ERROR_IS(code, number, what) \
  windows_error {                    \
    code, number, #code, fate::what  \
  }

constexpr std::array receiving{
    ERROR_IS(WSAEINTR, EINTR, repeated),
    ERROR_IS(WSAEWOULDBLOCK, EAGAIN, waits),
    ERROR_IS(ERROR_INVALID_HANDLE, EBADF, closed),
    ERROR_IS(WSAEBADF, EBADF, closed),
    ERROR_IS(WSAECONNABORTED, ECONNABORTED, reported),
    ERROR_IS(WSAECONNRESET, ECONNRESET, reported),
    ERROR_IS(WSAEFAULT, EFAULT, reported),
    ERROR_IS(WSAEHOSTUNREACH, EHOSTUNREACH, reported),
    ERROR_IS(WSAEINVAL, EINVAL, reported),
    ERROR_IS(WSAENETDOWN, ENETDOWN, reported),
    ERROR_IS(WSAENETRESET, ENETRESET, reported),
    ERROR_IS(WSAENETUNREACH, ENETUNREACH, reported),
    ERROR_IS(WSAENOBUFS, ENOBUFS, reported),
    ERROR_IS(WSAENOTCONN, ENOTCONN, reported),
    ERROR_IS(WSAENOTSOCK, ENOTSOCK, reported),
    ERROR_IS(WSAEOPNOTSUPP, EOPNOTSUPP, reported),
    ERROR_IS(WSAETIMEDOUT, ETIMEDOUT, reported),
    ERROR_IS(WSAEDISCON, EPIPE, reported),
    ERROR_IS(ERROR_NETNAME_DELETED, ECONNRESET, reported),
    ERROR_IS(ERROR_CONNECTION_ABORTED, ECONNABORTED, reported),
    ERROR_IS(ERROR_PORT_UNREACHABLE, ECONNREFUSED, reported),
    ERROR_IS(ERROR_SEM_TIMEOUT, ETIMEDOUT, reported),
    ERROR_IS(ERROR_NOT_ENOUGH_MEMORY, ENOMEM, reported),
    ERROR_IS(ERROR_NO_SYSTEM_RESOURCES, ENOBUFS, reported),
    ERROR_IS(ERROR_GEN_FAILURE, EIO, reported),
};

constexpr std::array sending{
    ERROR_IS(WSAEINTR, EINTR, repeated),
    ERROR_IS(WSAEWOULDBLOCK, EAGAIN, waits),
    ERROR_IS(ERROR_INVALID_HANDLE, EBADF, closed),
    ERROR_IS(WSAEBADF, EBADF, closed),
    ERROR_IS(WSAEACCES, EACCES, reported),
    ERROR_IS(WSAEADDRNOTAVAIL, EADDRNOTAVAIL, reported),
    ERROR_IS(WSAEAFNOSUPPORT, EAFNOSUPPORT, reported),
    ERROR_IS(WSAECONNABORTED, ECONNABORTED, reported),
    ERROR_IS(WSAECONNRESET, ECONNRESET, reported),
    ERROR_IS(WSAEDESTADDRREQ, EDESTADDRREQ, reported),
    ERROR_IS(WSAEFAULT, EFAULT, reported),
    ERROR_IS(WSAEHOSTUNREACH, EHOSTUNREACH, reported),
    ERROR_IS(WSAEINVAL, EINVAL, reported),
    ERROR_IS(WSAEMSGSIZE, EMSGSIZE, reported),
    ERROR_IS(WSAENETDOWN, ENETDOWN, reported),
    ERROR_IS(WSAENETRESET, ENETRESET, reported),
    ERROR_IS(WSAENETUNREACH, ENETUNREACH, reported),
    ERROR_IS(WSAENOBUFS, ENOBUFS, reported),
    ERROR_IS(WSAENOTCONN, ENOTCONN, reported),
    ERROR_IS(WSAENOTSOCK, ENOTSOCK, reported),
    ERROR_IS(WSAEOPNOTSUPP, EOPNOTSUPP, reported),
    ERROR_IS(WSAETIMEDOUT, ETIMEDOUT, reported),
    ERROR_IS(WSAESHUTDOWN, EPIPE, reported),
    ERROR_IS(ERROR_NETNAME_DELETED, ECONNRESET, reported),
    ERROR_IS(ERROR_CONNECTION_ABORTED, ECONNABORTED, reported),
    ERROR_IS(ERROR_NOT_ENOUGH_MEMORY, ENOMEM, reported),
    ERROR_IS(ERROR_NO_SYSTEM_RESOURCES, ENOBUFS, reported),
    ERROR_IS(ERROR_GEN_FAILURE, EIO, reported),
};

constexpr std::array accepting{
    ERROR_IS(WSAEINTR, EINTR, repeated),
    ERROR_IS(WSAEWOULDBLOCK, EAGAIN, waits),
    ERROR_IS(ERROR_INVALID_HANDLE, EBADF, closed),
    ERROR_IS(WSAEBADF, EBADF, closed),
    ERROR_IS(WSAECONNABORTED, ECONNABORTED, skipped),
    ERROR_IS(WSAEHOSTDOWN, EHOSTDOWN, skipped),
    ERROR_IS(WSAEHOSTUNREACH, EHOSTUNREACH, skipped),
    ERROR_IS(WSAENETDOWN, ENETDOWN, skipped),
    ERROR_IS(WSAENETUNREACH, ENETUNREACH, skipped),
    ERROR_IS(WSAEMFILE, EMFILE, paused),
    ERROR_IS(WSAENOBUFS, ENOBUFS, paused),
    ERROR_IS(ERROR_NOT_ENOUGH_MEMORY, ENOMEM, paused),
    ERROR_IS(ERROR_TOO_MANY_OPEN_FILES, EMFILE, paused),
    ERROR_IS(WSAEFAULT, EFAULT, reported),
    ERROR_IS(WSAEINVAL, EINVAL, reported),
    ERROR_IS(WSAENOTSOCK, ENOTSOCK, reported),
    ERROR_IS(WSAEOPNOTSUPP, EOPNOTSUPP, reported),
};

constexpr std::array connecting{
    ERROR_IS(WSAEINTR, EINTR, repeated),
    ERROR_IS(WSAEWOULDBLOCK, EAGAIN, waits),
    ERROR_IS(WSAEALREADY, EALREADY, waits),
    ERROR_IS(WSAEINPROGRESS, EINPROGRESS, waits),
    ERROR_IS(WSAEISCONN, EISCONN, succeeded),
    ERROR_IS(ERROR_INVALID_HANDLE, EBADF, closed),
    ERROR_IS(WSAEBADF, EBADF, closed),
    ERROR_IS(WSAEACCES, EACCES, reported),
    ERROR_IS(WSAEADDRINUSE, EADDRINUSE, reported),
    ERROR_IS(WSAEADDRNOTAVAIL, EADDRNOTAVAIL, reported),
    ERROR_IS(WSAEAFNOSUPPORT, EAFNOSUPPORT, reported),
    ERROR_IS(WSAECONNREFUSED, ECONNREFUSED, reported),
    ERROR_IS(WSAEFAULT, EFAULT, reported),
    ERROR_IS(WSAEHOSTUNREACH, EHOSTUNREACH, reported),
    ERROR_IS(WSAEINVAL, EINVAL, reported),
    ERROR_IS(WSAENETDOWN, ENETDOWN, reported),
    ERROR_IS(WSAENETUNREACH, ENETUNREACH, reported),
    ERROR_IS(WSAENOBUFS, ENOBUFS, reported),
    ERROR_IS(WSAENOTSOCK, ENOTSOCK, reported),
    ERROR_IS(WSAETIMEDOUT, ETIMEDOUT, reported),
    ERROR_IS(ERROR_CONNECTION_REFUSED, ECONNREFUSED, reported),
    ERROR_IS(ERROR_HOST_UNREACHABLE, EHOSTUNREACH, reported),
    ERROR_IS(ERROR_NETWORK_UNREACHABLE, ENETUNREACH, reported),
    ERROR_IS(ERROR_SEM_TIMEOUT, ETIMEDOUT, reported),
};

constexpr std::array polling{
    ERROR_IS(WSAEINTR, EINTR, repeated),     ERROR_IS(WSAEFAULT, EFAULT, reported),
    ERROR_IS(WSAEINVAL, EINVAL, reported),   ERROR_IS(WSAENETDOWN, ENETDOWN, reported),
    ERROR_IS(WSAENOBUFS, ENOBUFS, reported),
};

constexpr std::array opening{
    ERROR_IS(WSAEINTR, EINTR, repeated),
    ERROR_IS(WSAEAFNOSUPPORT, EAFNOSUPPORT, reported),
    ERROR_IS(WSAEFAULT, EFAULT, reported),
    ERROR_IS(WSAEINVAL, EINVAL, reported),
    ERROR_IS(WSAEMFILE, EMFILE, reported),
    ERROR_IS(WSAENETDOWN, ENETDOWN, reported),
    ERROR_IS(WSAENOBUFS, ENOBUFS, reported),
    ERROR_IS(WSAEPROTONOSUPPORT, EPROTONOSUPPORT, reported),
    ERROR_IS(WSAEPROTOTYPE, EPROTOTYPE, reported),
    ERROR_IS(WSAESOCKTNOSUPPORT, EPROTONOSUPPORT, reported),
};

constexpr std::array binding{
    ERROR_IS(WSAEINTR, EINTR, repeated),
    ERROR_IS(ERROR_INVALID_HANDLE, EBADF, closed),
    ERROR_IS(WSAEBADF, EBADF, closed),
    ERROR_IS(WSAEACCES, EACCES, reported),
    ERROR_IS(WSAEADDRINUSE, EADDRINUSE, reported),
    ERROR_IS(WSAEADDRNOTAVAIL, EADDRNOTAVAIL, reported),
    ERROR_IS(WSAEFAULT, EFAULT, reported),
    ERROR_IS(WSAEINVAL, EINVAL, reported),
    ERROR_IS(WSAENETDOWN, ENETDOWN, reported),
    ERROR_IS(WSAENOBUFS, ENOBUFS, reported),
    ERROR_IS(WSAENOTSOCK, ENOTSOCK, reported),
};

constexpr std::array listening{
    ERROR_IS(WSAEINTR, EINTR, repeated),
    ERROR_IS(ERROR_INVALID_HANDLE, EBADF, closed),
    ERROR_IS(WSAEBADF, EBADF, closed),
    ERROR_IS(WSAEADDRINUSE, EADDRINUSE, reported),
    ERROR_IS(WSAEINVAL, EINVAL, reported),
    ERROR_IS(WSAEISCONN, EISCONN, reported),
    ERROR_IS(WSAEMFILE, EMFILE, reported),
    ERROR_IS(WSAENETDOWN, ENETDOWN, reported),
    ERROR_IS(WSAENOBUFS, ENOBUFS, reported),
    ERROR_IS(WSAENOTSOCK, ENOTSOCK, reported),
    ERROR_IS(WSAEOPNOTSUPP, EOPNOTSUPP, reported),
};

constexpr std::array shutting_down{
    ERROR_IS(WSAEINTR, EINTR, repeated),
    ERROR_IS(ERROR_INVALID_HANDLE, EBADF, closed),
    ERROR_IS(WSAEBADF, EBADF, closed),
    ERROR_IS(WSAECONNABORTED, ECONNABORTED, reported),
    ERROR_IS(WSAECONNRESET, ECONNRESET, reported),
    ERROR_IS(WSAEINVAL, EINVAL, reported),
    ERROR_IS(WSAENETDOWN, ENETDOWN, reported),
    ERROR_IS(WSAENOTCONN, ENOTCONN, reported),
    ERROR_IS(WSAENOTSOCK, ENOTSOCK, reported),
};

constexpr std::array asking_options{
    ERROR_IS(WSAEINTR, EINTR, repeated),       ERROR_IS(ERROR_INVALID_HANDLE, EBADF, closed),
    ERROR_IS(WSAEBADF, EBADF, closed),         ERROR_IS(WSAEFAULT, EFAULT, reported),
    ERROR_IS(WSAEINVAL, EINVAL, reported),     ERROR_IS(WSAENETDOWN, ENETDOWN, reported),
    ERROR_IS(WSAENOTSOCK, ENOTSOCK, reported), ERROR_IS(WSAENOPROTOOPT, ENOPROTOOPT, unsupported),
};

constexpr std::array setting_options{
    ERROR_IS(WSAEINTR, EINTR, repeated),
    ERROR_IS(ERROR_INVALID_HANDLE, EBADF, closed),
    ERROR_IS(WSAEBADF, EBADF, closed),
    ERROR_IS(WSAEFAULT, EFAULT, reported),
    ERROR_IS(WSAEINVAL, EINVAL, reported),
    ERROR_IS(WSAENETDOWN, ENETDOWN, reported),
    ERROR_IS(WSAENETRESET, ENETRESET, reported),
    ERROR_IS(WSAENOBUFS, ENOBUFS, reported),
    ERROR_IS(WSAENOTCONN, ENOTCONN, reported),
    ERROR_IS(WSAENOTSOCK, ENOTSOCK, reported),
    ERROR_IS(WSAENOPROTOOPT, ENOPROTOOPT, unsupported),
};

constexpr std::array asking_names{
    ERROR_IS(WSAEINTR, EINTR, repeated),       ERROR_IS(ERROR_INVALID_HANDLE, EBADF, closed),
    ERROR_IS(WSAEBADF, EBADF, closed),         ERROR_IS(WSAEFAULT, EFAULT, reported),
    ERROR_IS(WSAEINVAL, EINVAL, reported),     ERROR_IS(WSAENETDOWN, ENETDOWN, reported),
    ERROR_IS(WSAENOTCONN, ENOTCONN, reported), ERROR_IS(WSAENOTSOCK, ENOTSOCK, reported),
};

/// As the seam makes numbers of them: that they are the ones meant is a part of the contract.
template <const auto* Errors>
std::span<const errno_case> numbers_of() {
  static const auto made = [] {
    std::vector<errno_case> all;
    for (const windows_error& one : *Errors) {
      const int number = detail::sys::errno_of(one.code);
      CHECK_MESSAGE(number == one.number, one.name, " became ", number);
      all.push_back({number, one.name, one.what});
    }
    return all;
  }();
  return made;
}

}  // namespace

std::span<const errno_case> errnos_of(call which) noexcept {
  switch (which) {
    case call::receive:
    case call::receive_message:
      return numbers_of<&receiving>();
    case call::send:
    case call::send_message:
      return numbers_of<&sending>();
    case call::accept:
      return numbers_of<&accepting>();
    case call::connect:
      return numbers_of<&connecting>();
    case call::poll:
      return numbers_of<&polling>();
    case call::socket:
      return numbers_of<&opening>();
    case call::bind:
      return numbers_of<&binding>();
    case call::listen:
      return numbers_of<&listening>();
    case call::shutdown:
      return numbers_of<&shutting_down>();
    case call::get_option:
      return numbers_of<&asking_options>();
    case call::set_option:
      return numbers_of<&setting_options>();
    case call::local_name:
    case call::peer_name:
      return numbers_of<&asking_names>();
    default:
      return {};
  }
}

}  // namespace weft::testing
