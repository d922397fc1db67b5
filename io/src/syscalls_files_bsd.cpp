#include <cerrno>
#include <cstdint>

#include <fcntl.h>
#include <unistd.h>

#include "syscalls_files_posix.hpp"

namespace weft::detail::sys {

long read_without_waiting(int, const iovec*, unsigned, std::int64_t) noexcept {
  errno = EAGAIN;
  return -1;
}

bool is_in_memory(int) noexcept {
  return false;
}

#if defined(O_DIRECT)
int direct_flag() noexcept {
  return O_DIRECT;
}

int go_direct(int) noexcept {
  return usual_alignment;
}
#elif defined(F_NOCACHE)
int direct_flag() noexcept {
  return 0;
}

int go_direct(int file) noexcept {
  return ::fcntl(file, F_NOCACHE, 1) < 0 ? -errno : usual_alignment;
}
#else
int direct_flag() noexcept {
  return 0;
}

int go_direct(int) noexcept {
  return -EOPNOTSUPP;
}
#endif

int sync_to_device(int file) noexcept {
#if defined(F_FULLFSYNC)
  // What fsync() means elsewhere; there it leaves data in the device's own memory. Not all file
  // systems have it.
  if (::fcntl(file, F_FULLFSYNC) == 0) {
    return 0;
  }
#endif
  return ::fsync(file);
}

int sync_data_to_device(int file) noexcept {
#if defined(__APPLE__) || defined(__DragonFly__)
  return sync_to_device(file);
#else
  return ::fdatasync(file);
#endif
}

}  // namespace weft::detail::sys
