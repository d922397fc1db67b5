#include <cerrno>

#include "syscalls_pipes_native.hpp"

namespace weft::detail::sys {

long read_at_once(int, void*, std::size_t) noexcept {
  errno = EAGAIN;
  return -1;
}

long write_at_once(int, const void*, std::size_t) noexcept {
  errno = EAGAIN;
  return -1;
}

}  // namespace weft::detail::sys
