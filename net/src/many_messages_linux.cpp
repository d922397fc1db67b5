#include <cerrno>
#include <cstddef>

#include <sys/socket.h>

#include <weft/io/detail/syscalls.hpp>

#include "many_messages.hpp"
#include "one_by_one.hpp"

namespace weft::detail {

namespace {

static_assert(sizeof(numbered_message) == sizeof(mmsghdr));
static_assert(offsetof(numbered_message, msg_len) == offsetof(mmsghdr, msg_len));

mmsghdr* native(std::span<numbered_message> messages) noexcept {
  return reinterpret_cast<mmsghdr*>(messages.data());
}

/// Makes the call under the eyes of the injector, as those in syscalls.hpp are. A system that lacks
/// it, or has it forbidden (seccomp), fails with ENOSYS.
template <class Call>
int make(sys::call which, int fd, std::size_t count, Call&& make_it) noexcept {
  for (;;) {
    const sys::fault f = sys::consult(which, fd, count);
    if (f.error != 0 && f.error != EINTR) {
      return -f.error;
    }
    if (f.error == 0) {
      const int done = make_it();
      if (done >= 0) {
        return done;
      }
      if (errno != EINTR) {
        return -errno;
      }
    }
  }
}

}  // namespace

int receive_messages(int fd, std::span<numbered_message> messages) noexcept {
  const int done = make(sys::call::receive_message, fd, messages.size(), [&] {
    return ::recvmmsg(fd, native(messages), static_cast<unsigned>(messages.size()), MSG_DONTWAIT,
                      nullptr);
  });
  if (done != -ENOSYS) {
    return done;
  }
  return one_by_one(messages,
                    [&](msghdr& message) { return sys::receive_message(fd, &message, 0); });
}

int send_messages(int fd, std::span<numbered_message> messages) noexcept {
  const int done = make(sys::call::send_message, fd, messages.size(), [&] {
    return ::sendmmsg(fd, native(messages), static_cast<unsigned>(messages.size()),
                      MSG_DONTWAIT | MSG_NOSIGNAL);
  });
  if (done != -ENOSYS) {
    return done;
  }
  return one_by_one(messages,
                    [&](msghdr& message) { return sys::send_message(fd, &message, MSG_NOSIGNAL); });
}

}  // namespace weft::detail
