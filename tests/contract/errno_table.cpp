#include "errno_table.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>
#include <string>
#include <tuple>

#include <weft/runtime/errc.hpp>

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

struct ledger {
  // By call, errno, fate and backend: whether all of its cases passed.
  std::map<std::tuple<std::string, std::string, std::string, std::string>, bool> entries;
  std::mutex mutex;

  ~ledger() {
    if (!std::getenv("WEFT_ERRNO_LINES")) {
      return;
    }
    std::puts("CTEST_FULL_OUTPUT");  // asks CTest to keep the lines
    for (const auto& [what, passed] : entries) {
      const auto& [call, number, fate, backend] = what;
      std::printf("errno\t%s\t%s\t%s\t%s\t%s\n", call.c_str(), number.c_str(), fate.c_str(),
                  backend.c_str(), passed ? "passed" : "failed");
    }
  }
};

}  // namespace

std::error_code errno_case::outcome() const noexcept {
  if (what == fate::closed) {
    return errc::closed;
  }
  if (what == fate::unsupported) {
    return std::make_error_code(std::errc::operation_not_supported);
  }
  return what == fate::reported ? std::error_code(number, std::system_category())
                                : std::error_code();
}

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

std::string_view name_of(fate what) noexcept {
  constexpr std::array names{"repeated", "waits",     "reported", "unsupported",
                             "closed",   "succeeded", "skipped",  "paused"};
  return names[static_cast<std::size_t>(what)];
}

std::string_view name_of(call which) noexcept {
  switch (which) {
    case call::receive:
      return "recv";
    case call::receive_message:
      return "recvmsg";
    case call::send:
      return "send";
    case call::send_message:
      return "sendmsg";
    case call::read:
      return "read";
    case call::write:
      return "write";
    case call::accept:
      return "accept";
    case call::connect:
      return "connect";
    case call::poll:
      return "poll";
    case call::socket:
      return "socket";
    case call::bind:
      return "bind";
    case call::listen:
      return "listen";
    case call::shutdown:
      return "shutdown";
    case call::close:
      return "close";
    case call::get_option:
      return "getsockopt";
    case call::set_option:
      return "setsockopt";
    case call::local_name:
      return "getsockname";
    case call::peer_name:
      return "getpeername";
    case call::epoll_create:
      return "epoll_create1";
    case call::epoll_control:
      return "epoll_ctl";
    case call::epoll_wait:
      return "epoll_wait";
    case call::kqueue_create:
      return "kqueue";
    case call::kqueue_change:
    case call::kqueue_wait:
      return "kevent";
    case call::event_fd:
      return "eventfd";
    case call::wake_pipe:
      return "pipe2";
    case call::ring_setup:
      return "io_uring_setup";
    case call::ring_register:
      return "io_uring_register";
    case call::ring_enter:
      return "io_uring_enter";
    default:
      return "another call";
  }
}

void note(std::string_view call, const errno_case& error, std::string_view backend, bool passed) {
  static ledger all;
  const std::lock_guard hold(all.mutex);
  auto [entry, is_new] =
      all.entries.try_emplace({std::string(call), std::string(error.name),
                               std::string(name_of(error.what)), std::string(backend)},
                              true);
  entry->second = entry->second && passed;
}

}  // namespace weft::testing
