#include <cerrno>

#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "syscalls_pipes_native.hpp"

/// The calls that take RWF_NOWAIT, which concerns this call alone and not all who have the handle.
/// The C library's form is not in all of them.
namespace weft::detail::sys {

namespace {

long call_at_once(long number, int fd, void* data, std::size_t size) noexcept {
  constexpr int no_wait = 8;            // RWF_NOWAIT
  constexpr unsigned long here = ~0UL;  // both halves: the position that the handle has
  const iovec part{.iov_base = data, .iov_len = size};
  const long n = ::syscall(number, fd, &part, 1UL, here, here, no_wait);
  // Kernels, drivers and sandboxes that do not have it refuse in different ways.
  if (n < 0 && (errno == EOPNOTSUPP || errno == ENOSYS || errno == EINVAL || errno == EPERM)) {
    errno = EAGAIN;
  }
  return n;
}

}  // namespace

long read_at_once(int fd, void* data, std::size_t size) noexcept {
  return call_at_once(SYS_preadv2, fd, data, size);
}

long write_at_once(int fd, const void* data, std::size_t size) noexcept {
  return call_at_once(SYS_pwritev2, fd, const_cast<void*>(data), size);
}

}  // namespace weft::detail::sys
