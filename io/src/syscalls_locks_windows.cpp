#include <cerrno>
#include <cstdint>

#include <weft/io/file_lock.hpp>

#include "syscalls_paths.hpp"
#include "syscalls_windows.hpp"

/// What is locked here cannot be read or written by others: so that is a byte where no file has
/// one.
namespace weft::detail::sys {

namespace {

/// A call on that byte, and its end. `begin(handle, where)` makes it.
template <class Begin>
int finish(int file, Begin begin) noexcept {
  const HANDLE event = ::CreateEventW(nullptr, TRUE, FALSE, nullptr);
  if (!event) {
    return SOCKET_ERROR;
  }
  OVERLAPPED where{};
  where.Offset = 0xFFFF'FFFE;
  where.OffsetHigh = 0x7FFF'FFFF;
  // The lowest bit keeps the end from the completion port that the file may belong to.
  where.hEvent = reinterpret_cast<HANDLE>(reinterpret_cast<std::uintptr_t>(event) | 1);
  DWORD ignored = 0;
  bool done = begin(as_handle(file), where);
  if (!done && ::GetLastError() == ERROR_IO_PENDING) {
    done = ::GetOverlappedResult(as_handle(file), &where, &ignored, TRUE);
  }
  const DWORD error = done ? DWORD{ERROR_SUCCESS} : ::GetLastError();
  ::CloseHandle(event);
  ::SetLastError(error);
  return done ? 0 : SOCKET_ERROR;
}

}  // namespace

int try_lock_file(int file, io::lock_mode mode) noexcept {
  const DWORD kind = mode == io::lock_mode::shared ? 0 : LOCKFILE_EXCLUSIVE_LOCK;
  const int locked = make(call::lock_file, file, 0, [&](std::size_t) {
    return finish(file, [=](HANDLE handle, OVERLAPPED& where) {
      return ::LockFileEx(handle, kind | LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, &where) != 0;
    });
  });
  return locked == -EBUSY ? -EWOULDBLOCK : locked;  // ERROR_LOCK_VIOLATION
}

int unlock_file(int file) noexcept {
  return make(call::lock_file, file, 0, [&](std::size_t) {
    return finish(file, [](HANDLE handle, OVERLAPPED& where) {
      return ::UnlockFileEx(handle, 0, 1, 0, &where) != 0;
    });
  });
}

}  // namespace weft::detail::sys
