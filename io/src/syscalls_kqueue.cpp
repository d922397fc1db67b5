#include "syscalls_kqueue.hpp"

#include <cerrno>

#include <fcntl.h>
#include <sys/event.h>
#include <sys/types.h>

#include <weft/io/detail/syscalls.hpp>

#include "syscalls_posix.hpp"

namespace weft::detail::sys {

namespace {

#if defined(__NetBSD__)
using count_type = std::size_t;
#else
using count_type = int;
#endif

}  // namespace

int kqueue_create() noexcept {
  if (const fault f = consult(call::kqueue_create, -1); f.error != 0) {
    return -f.error;
  }
  const int queue = ::kqueue();
  if (queue < 0) {
    return -errno;
  }
  ::fcntl(queue, F_SETFD, FD_CLOEXEC);
  return queue;
}

int kqueue_change(int queue, std::span<struct kevent> changes) noexcept {
  if (const fault f = consult(call::kqueue_change, queue); f.error != 0) {
    return -f.error;
  }
  // With a receipt each change is answered by an event of its own, and none other is taken.
  for (struct kevent& change : changes) {
    change.flags |= EV_RECEIPT;
  }
  const auto count = static_cast<count_type>(changes.size());
  for (;;) {
    if (::kevent(queue, changes.data(), count, changes.data(), count, nullptr) >= 0) {
      return 0;
    }
    if (errno != EINTR) {
      return -errno;
    }
  }
}

void kqueue_trigger(int queue, const struct kevent& change) noexcept {
  const int saved = errno;
  ::kevent(queue, &change, 1, nullptr, 0, nullptr);
  errno = saved;
}

int kqueue_wait(int queue, std::span<struct kevent> events, time_point until) noexcept {
  if (const fault f = consult(call::kqueue_wait, queue); f.error != 0) {
    return f.error == EINTR ? 0 : -f.error;
  }
  timespec left{};
  const int count = ::kevent(queue, nullptr, 0, events.data(),
                             static_cast<count_type>(events.size()), time_left(until, left));
  if (count < 0) {
    return errno == EINTR ? 0 : -errno;
  }
  return count;
}

}  // namespace weft::detail::sys
