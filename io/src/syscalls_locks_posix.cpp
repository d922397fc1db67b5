#include <sys/file.h>

#include <weft/io/file_lock.hpp>

#include "syscalls_paths.hpp"
#include "syscalls_posix.hpp"

/// flock() rather than fcntl()'s locks, which belong to the process: another file that it has open,
/// once closed, would end them.
namespace weft::detail::sys {

int try_lock_file(int file, io::lock_mode mode) noexcept {
  const int kind = mode == io::lock_mode::shared ? LOCK_SH : LOCK_EX;
  return make(call::lock_file, file, 0, [&](std::size_t) { return ::flock(file, kind | LOCK_NB); });
}

int unlock_file(int file) noexcept {
  return make(call::lock_file, file, 0, [&](std::size_t) { return ::flock(file, LOCK_UN); });
}

}  // namespace weft::detail::sys
