#include <cerrno>
#include <cstring>
#include <string>

#include "syscalls_windows.hpp"

namespace weft::detail::sys {

namespace {

/// An error under its three names.
struct known_error {
  unsigned long winsock;
  int number;
  const char* sentence;
};

// Of one number's several lines the first has the sentence.
constexpr known_error known[] = {
    {WSAEACCES, EACCES, "Permission denied"},
    {WSAEADDRINUSE, EADDRINUSE, "Address already in use"},
    {WSAEADDRNOTAVAIL, EADDRNOTAVAIL, "Cannot assign requested address"},
    {WSAEAFNOSUPPORT, EAFNOSUPPORT, "Address family not supported by protocol"},
    {WSAEALREADY, EALREADY, "Operation already in progress"},
    {WSAEBADF, EBADF, "Bad file descriptor"},
    {WSAECONNABORTED, ECONNABORTED, "Software caused connection abort"},
    {WSAECONNREFUSED, ECONNREFUSED, "Connection refused"},
    {WSAECONNRESET, ECONNRESET, "Connection reset by peer"},
    {WSAEDESTADDRREQ, EDESTADDRREQ, "Destination address required"},
    {WSAEDISCON, EPIPE, "Broken pipe"},
    {WSAEFAULT, EFAULT, "Bad address"},
    {WSAEHOSTDOWN, EHOSTDOWN, "Host is down"},
    {WSAEHOSTUNREACH, EHOSTUNREACH, "No route to host"},
    {WSAEINPROGRESS, EINPROGRESS, "Operation now in progress"},
    {WSAEINTR, EINTR, "Interrupted system call"},
    {WSAEINVAL, EINVAL, "Invalid argument"},
    {WSAEISCONN, EISCONN, "Transport endpoint is already connected"},
    {WSAEMFILE, EMFILE, "Too many open files"},
    {WSAEMSGSIZE, EMSGSIZE, "Message too long"},
    {WSAENAMETOOLONG, ENAMETOOLONG, "File name too long"},
    {WSAENETDOWN, ENETDOWN, "Network is down"},
    {WSAENETRESET, ENETRESET, "Network dropped connection on reset"},
    {WSAENETUNREACH, ENETUNREACH, "Network is unreachable"},
    {WSAENOBUFS, ENOBUFS, "No buffer space available"},
    {WSAENOPROTOOPT, ENOPROTOOPT, "Protocol not available"},
    {WSAENOTCONN, ENOTCONN, "Transport endpoint is not connected"},
    {WSAENOTSOCK, ENOTSOCK, "Socket operation on non-socket"},
    {WSAEOPNOTSUPP, EOPNOTSUPP, "Operation not supported"},
    {WSAEPFNOSUPPORT, EAFNOSUPPORT, ""},
    {WSAEPROTONOSUPPORT, EPROTONOSUPPORT, "Protocol not supported"},
    {WSAEPROTOTYPE, EPROTOTYPE, "Protocol wrong type for socket"},
    {WSAESHUTDOWN, EPIPE, ""},
    {WSAESOCKTNOSUPPORT, EPROTONOSUPPORT, ""},
    {WSAETIMEDOUT, ETIMEDOUT, "Connection timed out"},
    {WSAEWOULDBLOCK, EAGAIN, "Resource temporarily unavailable"},
    {WSA_E_CANCELLED, ECANCELED, "Operation canceled"},
    {WSASYSNOTREADY, ENETDOWN, ""},
    {ERROR_ACCESS_DENIED, EACCES, ""},
    {ERROR_ALREADY_EXISTS, EEXIST, "File exists"},
    {ERROR_CONNECTION_ABORTED, ECONNABORTED, ""},
    {ERROR_CONNECTION_REFUSED, ECONNREFUSED, ""},
    {ERROR_CURRENT_DIRECTORY, EACCES, ""},
    {ERROR_DIRECTORY, ENOTDIR, "Not a directory"},
    {ERROR_DIR_NOT_EMPTY, ENOTEMPTY, "Directory not empty"},
    {ERROR_DISK_FULL, ENOSPC, "No space left on device"},
    {ERROR_FILENAME_EXCED_RANGE, ENAMETOOLONG, ""},
    {ERROR_FILE_EXISTS, EEXIST, ""},
    {ERROR_FILE_NOT_FOUND, ENOENT, "No such file or directory"},
    {ERROR_HANDLE_DISK_FULL, ENOSPC, ""},
    {ERROR_HOST_UNREACHABLE, EHOSTUNREACH, ""},
    {ERROR_INVALID_FUNCTION, ENOSYS, "Function not implemented"},
    {ERROR_INVALID_HANDLE, EBADF, ""},
    {ERROR_INVALID_NAME, ENOENT, ""},
    {ERROR_INVALID_PARAMETER, EINVAL, ""},
    {ERROR_LOCK_VIOLATION, EBUSY, "Device or resource busy"},
    {ERROR_NEGATIVE_SEEK, EINVAL, ""},
    {ERROR_NETNAME_DELETED, ECONNRESET, ""},
    {ERROR_NETWORK_UNREACHABLE, ENETUNREACH, ""},
    {ERROR_NOT_ENOUGH_MEMORY, ENOMEM, "Cannot allocate memory"},
    {ERROR_NOT_SAME_DEVICE, EXDEV, "Invalid cross-device link"},
    {ERROR_NOT_SUPPORTED, EOPNOTSUPP, ""},
    {ERROR_NO_SYSTEM_RESOURCES, ENOBUFS, ""},
    {ERROR_OPERATION_ABORTED, ECANCELED, ""},
    {ERROR_OUTOFMEMORY, ENOMEM, ""},
    {ERROR_PATH_NOT_FOUND, ENOENT, ""},
    {ERROR_PORT_UNREACHABLE, ECONNREFUSED, ""},
    {ERROR_SEM_TIMEOUT, ETIMEDOUT, ""},
    {ERROR_SHARING_VIOLATION, EBUSY, ""},
    {ERROR_TOO_MANY_LINKS, EMLINK, "Too many links"},
    {ERROR_TOO_MANY_OPEN_FILES, EMFILE, ""},
    {ERROR_WRITE_PROTECT, EROFS, "Read-only file system"},
};

/// errno's numbers, with sentences for those that the C library has numbers for but no words.
class category final : public std::error_category {
 public:
  const char* name() const noexcept override { return "weft.system"; }

  std::string message(int code) const override {
    for (const known_error& one : known) {
      if (one.number == code) {
        return one.sentence;
      }
    }
    return std::strerror(code);
  }

  std::error_condition default_error_condition(int code) const noexcept override {
    // One and the same on other systems.
    return {code == EAGAIN ? EWOULDBLOCK : code, std::generic_category()};
  }
};

}  // namespace

int errno_of(unsigned long error) noexcept {
  for (const known_error& one : known) {
    if (one.winsock == error) {
      return one.number;
    }
  }
  return EIO;
}

std::error_code error_of(std::ptrdiff_t result) noexcept {
  static const category instance;
  // No error is the same everywhere.
  return result == 0 ? std::error_code() : std::error_code(static_cast<int>(-result), instance);
}

}  // namespace weft::detail::sys
