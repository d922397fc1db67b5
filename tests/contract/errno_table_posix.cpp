#include <array>
#include <cerrno>

#include "errno_table.hpp"

namespace weft::testing {

namespace {

using detail::sys::call;

#define REPEATED(number)            \
  errno_case {                      \
    number, #number, fate::repeated \
  }
#define WAITS(number)            \
  errno_case {                   \
    number, #number, fate::waits \
  }
#define REPORTED(number)            \
  errno_case {                      \
    number, #number, fate::reported \
  }
#define UNSUPPORTED(number)            \
  errno_case {                         \
    number, #number, fate::unsupported \
  }
#define CLOSED(number)            \
  errno_case {                    \
    number, #number, fate::closed \
  }
#define SUCCEEDED(number)            \
  errno_case {                       \
    number, #number, fate::succeeded \
  }
#define SKIPPED(number)            \
  errno_case {                     \
    number, #number, fate::skipped \
  }
#define PAUSED(number)            \
  errno_case {                    \
    number, #number, fate::paused \
  }

constexpr std::array receiving{
    REPEATED(EINTR),      WAITS(EAGAIN),       CLOSED(EBADF),          REPORTED(ECONNREFUSED),
    REPORTED(ECONNRESET), REPORTED(EFAULT),    REPORTED(EHOSTUNREACH), REPORTED(EINVAL),
    REPORTED(EIO),        REPORTED(EMSGSIZE),  REPORTED(ENETDOWN),     REPORTED(ENETUNREACH),
    REPORTED(ENOBUFS),    REPORTED(ENOMEM),    REPORTED(ENOTCONN),     REPORTED(ENOTSOCK),
    REPORTED(EOPNOTSUPP), REPORTED(ETIMEDOUT),
};

constexpr std::array sending{
    REPEATED(EINTR),        WAITS(EAGAIN),        CLOSED(EBADF),          REPORTED(EACCES),
    REPORTED(EAFNOSUPPORT), REPORTED(EALREADY),   REPORTED(ECONNREFUSED), REPORTED(ECONNRESET),
    REPORTED(EDESTADDRREQ), REPORTED(EFAULT),     REPORTED(EHOSTUNREACH), REPORTED(EINVAL),
    REPORTED(EIO),          REPORTED(EISCONN),    REPORTED(ELOOP),        REPORTED(EMSGSIZE),
    REPORTED(ENAMETOOLONG), REPORTED(ENETDOWN),   REPORTED(ENETUNREACH),  REPORTED(ENOBUFS),
    REPORTED(ENOENT),       REPORTED(ENOMEM),     REPORTED(ENOTCONN),     REPORTED(ENOTDIR),
    REPORTED(ENOTSOCK),     REPORTED(EOPNOTSUPP), REPORTED(EPERM),        REPORTED(EPIPE),
    REPORTED(ETIMEDOUT),
};

constexpr std::array reading{
    REPEATED(EINTR),  WAITS(EAGAIN),   CLOSED(EBADF),       REPORTED(EFAULT),
    REPORTED(EINVAL), REPORTED(EIO),   REPORTED(EISDIR),    REPORTED(ENOBUFS),
    REPORTED(ENOMEM), REPORTED(ENXIO), REPORTED(EOVERFLOW),
};

constexpr std::array writing{
    REPEATED(EINTR),  WAITS(EAGAIN),   CLOSED(EBADF),    REPORTED(EDESTADDRREQ), REPORTED(EDQUOT),
    REPORTED(EFAULT), REPORTED(EFBIG), REPORTED(EINVAL), REPORTED(EIO),          REPORTED(ENOBUFS),
    REPORTED(ENOSPC), REPORTED(ENXIO), REPORTED(EPERM),  REPORTED(EPIPE),        REPORTED(ERANGE),
};

constexpr std::array accepting{
    REPEATED(EINTR),
    WAITS(EAGAIN),
    CLOSED(EBADF),
    SKIPPED(ECONNABORTED),
    SKIPPED(EPROTO),
    SKIPPED(ENETDOWN),
    SKIPPED(ENETUNREACH),
    SKIPPED(EHOSTUNREACH),
    SKIPPED(ENOPROTOOPT),
    PAUSED(EMFILE),
    PAUSED(ENFILE),
    PAUSED(ENOBUFS),
    PAUSED(ENOMEM),
    REPORTED(EFAULT),
    REPORTED(EINVAL),
    REPORTED(ENOTSOCK),
    REPORTED(EOPNOTSUPP),
    REPORTED(EPERM),
    REPORTED(EPROTONOSUPPORT),
#if defined(__linux__)
    SKIPPED(EHOSTDOWN),
    SKIPPED(ENONET),
    REPORTED(ESOCKTNOSUPPORT),
#endif
};

constexpr std::array connecting{
    REPEATED(EINTR),         WAITS(EAGAIN),          WAITS(EALREADY),        WAITS(EINPROGRESS),
    SUCCEEDED(EISCONN),      CLOSED(EBADF),          REPORTED(EACCES),       REPORTED(EADDRINUSE),
    REPORTED(EADDRNOTAVAIL), REPORTED(EAFNOSUPPORT), REPORTED(ECONNREFUSED), REPORTED(ECONNRESET),
    REPORTED(EFAULT),        REPORTED(EHOSTUNREACH), REPORTED(EINVAL),       REPORTED(EIO),
    REPORTED(ELOOP),         REPORTED(ENAMETOOLONG), REPORTED(ENETDOWN),     REPORTED(ENETUNREACH),
    REPORTED(ENOBUFS),       REPORTED(ENOENT),       REPORTED(ENOTDIR),      REPORTED(ENOTSOCK),
    REPORTED(EOPNOTSUPP),    REPORTED(EPERM),        REPORTED(EPROTOTYPE),   REPORTED(ETIMEDOUT),
};

constexpr std::array polling{
    REPEATED(EINTR), WAITS(EAGAIN), REPORTED(EFAULT), REPORTED(EINVAL), REPORTED(ENOMEM),
};

constexpr std::array opening{
    REPEATED(EINTR),           REPORTED(EACCES),     REPORTED(EAFNOSUPPORT), REPORTED(EINVAL),
    REPORTED(EMFILE),          REPORTED(ENFILE),     REPORTED(ENOBUFS),      REPORTED(ENOMEM),
    REPORTED(EPROTONOSUPPORT), REPORTED(EPROTOTYPE),
};

constexpr std::array binding{
    REPEATED(EINTR),         CLOSED(EBADF),          REPORTED(EACCES), REPORTED(EADDRINUSE),
    REPORTED(EADDRNOTAVAIL), REPORTED(EAFNOSUPPORT), REPORTED(EFAULT), REPORTED(EINVAL),
    REPORTED(EIO),           REPORTED(EISCONN),      REPORTED(ELOOP),  REPORTED(ENAMETOOLONG),
    REPORTED(ENOBUFS),       REPORTED(ENOENT),       REPORTED(ENOMEM), REPORTED(ENOTDIR),
    REPORTED(ENOTSOCK),      REPORTED(EOPNOTSUPP),   REPORTED(EPERM),  REPORTED(EROFS),
};

constexpr std::array listening{
    REPEATED(EINTR),      CLOSED(EBADF),          REPORTED(EACCES),
    REPORTED(EADDRINUSE), REPORTED(EDESTADDRREQ), REPORTED(EINVAL),
    REPORTED(ENOBUFS),    REPORTED(ENOTSOCK),     REPORTED(EOPNOTSUPP),
};

constexpr std::array shutting_down{
    REPEATED(EINTR),   CLOSED(EBADF),      REPORTED(EINVAL),
    REPORTED(ENOBUFS), REPORTED(ENOTCONN), REPORTED(ENOTSOCK),
};

constexpr std::array asking_options{
    REPEATED(EINTR),  CLOSED(EBADF),     REPORTED(EACCES),         REPORTED(EFAULT),
    REPORTED(EINVAL), REPORTED(ENOBUFS), UNSUPPORTED(ENOPROTOOPT), REPORTED(ENOTSOCK),
};

constexpr std::array setting_options{
    REPEATED(EINTR),          CLOSED(EBADF),      REPORTED(EDOM),    REPORTED(EFAULT),
    REPORTED(EINVAL),         REPORTED(EISCONN),  REPORTED(ENOBUFS), REPORTED(ENOMEM),
    UNSUPPORTED(ENOPROTOOPT), REPORTED(ENOTSOCK), REPORTED(EPERM),
};

constexpr std::array asking_names{
    REPEATED(EINTR),   CLOSED(EBADF),      REPORTED(EFAULT),   REPORTED(EINVAL),
    REPORTED(ENOBUFS), REPORTED(ENOTCONN), REPORTED(ENOTSOCK), REPORTED(EOPNOTSUPP),
};

}  // namespace

std::span<const errno_case> errnos_of(call which) noexcept {
  switch (which) {
    case call::receive:
    case call::receive_message:
      return receiving;
    case call::send:
    case call::send_message:
      return sending;
    case call::read:
      return reading;
    case call::write:
      return writing;
    case call::accept:
      return accepting;
    case call::connect:
      return connecting;
    case call::poll:
      return polling;
    case call::socket:
      return opening;
    case call::bind:
      return binding;
    case call::listen:
      return listening;
    case call::shutdown:
      return shutting_down;
    case call::get_option:
      return asking_options;
    case call::set_option:
      return setting_options;
    case call::local_name:
    case call::peer_name:
      return asking_names;
    default:
      return {};
  }
}

}  // namespace weft::testing
