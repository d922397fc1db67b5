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
