#include <cerrno>

#include <sys/socket.h>
#include <sys/types.h>
#include <sys/ucred.h>
#include <sys/un.h>
#include <unistd.h>

#include "peer_identity.hpp"
#include "socket.hpp"

/// Each system tells users and groups by the same call, and the process in a way of its own. One
/// that does not tell it leaves 0.
namespace weft::detail {

namespace {

template <class Value>
bool ask(int fd, int level, int name, Value& value) noexcept {
  socklen_t size = sizeof value;
  return ::getsockopt(fd, level, name, &value, &size) == 0;
}

#if defined(__APPLE__)
std::int64_t process_at_other_end(int fd) noexcept {
  pid_t process = 0;
  return ask(fd, SOL_LOCAL, LOCAL_PEERPID, process) ? process : 0;
}
#elif defined(__FreeBSD__)
std::int64_t process_at_other_end(int fd) noexcept {
  xucred found{};
  return ask(fd, SOL_LOCAL, LOCAL_PEERCRED, found) ? found.cr_pid : 0;
}
#elif defined(__NetBSD__)
std::int64_t process_at_other_end(int fd) noexcept {
  unpcbid found{};
  constexpr int local_level = 0;
  return ask(fd, local_level, LOCAL_PEEREID, found) ? found.unp_pid : 0;
}
#elif defined(__OpenBSD__)
std::int64_t process_at_other_end(int fd) noexcept {
  sockpeercred found{};
  return ask(fd, SOL_SOCKET, SO_PEERCRED, found) ? found.pid : 0;
}
#else
std::int64_t process_at_other_end(int) noexcept {
  return 0;
}
#endif

}  // namespace

result<peer_credentials> identity_of_peer(const io::descriptor& socket) noexcept {
  peer_credentials found;
  const auto asked = do_on(socket, [&](int fd) noexcept {
    uid_t user = 0;
    gid_t group = 0;
    if (::getpeereid(fd, &user, &group) < 0) {
      return -errno;
    }
    found = {.process_id = process_at_other_end(fd), .user_id = user, .group_id = group};
    return 0;
  });
  return asked ? result<peer_credentials>(found) : fail(asked.error());
}

}  // namespace weft::detail
