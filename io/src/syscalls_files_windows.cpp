#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>

#include <sys/uio.h>

#include <weft/io/file_options.hpp>
#include <weft/io/operation.hpp>

#include "file_part.hpp"
#include "syscalls_windows.hpp"

/// Files. They are opened for overlapped calls, which a completion port may serve; those here wait
/// for their end themselves.
namespace weft::detail::sys {

namespace {

// Of one call: the system has 32 bits for it.
constexpr std::size_t most_bytes = std::size_t{1} << 30;
// What every device's transfers past the cache may be aligned to.
constexpr unsigned usual_alignment = 4096;
// That the system knows.
constexpr std::size_t longest_path = 32'767;

using wide_path = std::array<wchar_t, longest_path + 1>;

/// From UTF-8; 0, or minus the error number.
int widen(const char* path, wide_path& into) noexcept {
  if (::MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, path, -1, into.data(),
                            static_cast<int>(into.size())) != 0) {
    return 0;
  }
  return ::GetLastError() == ERROR_INSUFFICIENT_BUFFER ? -ENAMETOOLONG : -EINVAL;
}

DWORD access_of(const io::file_options& options) noexcept {
  // Without the right to write anywhere, what is written goes to the end.
  const DWORD writing =
      options.append ? FILE_GENERIC_WRITE & ~DWORD{FILE_WRITE_DATA} : DWORD{FILE_GENERIC_WRITE};
  switch (options.access) {
    case io::file_access::read:
      return FILE_GENERIC_READ;
    case io::file_access::write:
      return writing | FILE_READ_ATTRIBUTES;
    case io::file_access::read_write:
      break;
  }
  return FILE_GENERIC_READ | writing;
}

DWORD creation_of(io::file_creation create) noexcept {
  switch (create) {
    case io::file_creation::never:
      return OPEN_EXISTING;
    case io::file_creation::if_missing:
      return OPEN_ALWAYS;
    case io::file_creation::always_new:
      return CREATE_NEW;
    case io::file_creation::truncate:
      break;
  }
  return CREATE_ALWAYS;
}

/// What CreateFile() does not tell from other reasons.
bool is_directory(const wide_path& path) noexcept {
  const DWORD attributes = ::GetFileAttributesW(path.data());
  return attributes != INVALID_FILE_ATTRIBUTES && (attributes & FILE_ATTRIBUTE_DIRECTORY) != 0;
}

/// A call on a file, and the wait for its end. `begin(handle, where)` makes it.
template <class Begin>
std::ptrdiff_t finish_at(int file, std::int64_t offset, Begin begin) noexcept {
  const HANDLE event = ::CreateEventW(nullptr, TRUE, FALSE, nullptr);
  if (!event) {
    return SOCKET_ERROR;
  }
  const auto at = static_cast<std::uint64_t>(std::max<std::int64_t>(offset, 0));
  OVERLAPPED where{};
  where.Offset = static_cast<DWORD>(at);
  where.OffsetHigh = static_cast<DWORD>(at >> 32);
  // The lowest bit keeps the end from the completion port that the file may belong to.
  where.hEvent = reinterpret_cast<HANDLE>(reinterpret_cast<std::uintptr_t>(event) | 1);
  DWORD moved = 0;
  bool done = begin(as_handle(file), where) || ::GetLastError() == ERROR_IO_PENDING;
  done = done && ::GetOverlappedResult(as_handle(file), &where, &moved, TRUE);
  const DWORD error = done ? DWORD{ERROR_SUCCESS} : ::GetLastError();
  ::CloseHandle(event);
  if (done || error == ERROR_HANDLE_EOF) {
    return static_cast<std::ptrdiff_t>(moved);
  }
  ::SetLastError(error);
  return SOCKET_ERROR;
}

}  // namespace

int open_file(const char* path, const io::file_options& options, file_modes& modes) noexcept {
  constexpr unsigned owner_may_write = 0200;
  wide_path wide;
  if (const int error = widen(path, wide); error < 0) {
    return error;
  }
  const DWORD attributes = options.permissions & owner_may_write ? DWORD{FILE_ATTRIBUTE_NORMAL}
                                                                 : DWORD{FILE_ATTRIBUTE_READONLY};
  const DWORD how = FILE_FLAG_OVERLAPPED | (options.direct ? DWORD{FILE_FLAG_NO_BUFFERING} : 0);
  const int file = make(call::open_file, -1, 0, [&](std::size_t) {
    const HANDLE opened = ::CreateFileW(
        wide.data(), access_of(options), FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
        nullptr, creation_of(options.create), attributes | how, nullptr);
    return opened == INVALID_HANDLE_VALUE ? SOCKET_ERROR
                                          : as_number(reinterpret_cast<SOCKET>(opened));
  });
  if (file < 0) {
    const bool refused = options.direct && file == -EINVAL;
    return is_directory(wide) ? -EISDIR : refused ? -EOPNOTSUPP : file;
  }
  if (const int error = prepare_file(file, modes); error < 0) {
    ::CloseHandle(as_handle(file));
    return error;
  }
  modes.reads = options.access != io::file_access::write;
  modes.writes = options.access != io::file_access::read;
  modes.appends = options.append;
  modes.direct = options.direct ? usual_alignment : 1;
  return file;
}

int prepare_file(int file, file_modes& modes) noexcept {
  const HANDLE handle = as_handle(file);
  switch (::GetFileType(handle)) {
    case FILE_TYPE_DISK:
    case FILE_TYPE_CHAR:
      break;
    case FILE_TYPE_PIPE:
      return -ESPIPE;
    default:
      return -EBADF;
  }
  BY_HANDLE_FILE_INFORMATION what{};
  if (::GetFileInformationByHandle(handle, &what) &&
      (what.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY)) {
    return -EISDIR;
  }
  modes = {.reads = true, .writes = true};  // the system says if not
  return 0;
}

std::ptrdiff_t read_file(int file, const io::file_transfer& what, std::size_t& size) noexcept {
  return make(call::read, file, std::min(size, most_bytes), [&](std::size_t n) {
    const iovec part = io::detail::first_part(what, size = n);
    return finish_at(file, what.offset, [&](HANDLE handle, OVERLAPPED& where) {
      return ::ReadFile(handle, part.iov_base, static_cast<DWORD>(part.iov_len), nullptr, &where);
    });
  });
}

std::ptrdiff_t try_read_file(int, const io::file_transfer&, std::size_t&) noexcept {
  return -EAGAIN;
}

std::ptrdiff_t write_file(int file, const io::file_transfer& what, std::size_t& size) noexcept {
  return make(call::write, file, std::min(size, most_bytes), [&](std::size_t n) {
    const iovec part = io::detail::first_part(what, size = n);
    return finish_at(file, what.offset, [&](HANDLE handle, OVERLAPPED& where) {
      return ::WriteFile(handle, part.iov_base, static_cast<DWORD>(part.iov_len), nullptr, &where);
    });
  });
}

std::ptrdiff_t read_at(int file, void* data, std::size_t size, std::int64_t offset) noexcept {
  return make(call::read, file, std::min(size, most_bytes), [&](std::size_t n) {
    return finish_at(file, offset, [&](HANDLE handle, OVERLAPPED& where) {
      return ::ReadFile(handle, data, static_cast<DWORD>(n), nullptr, &where);
    });
  });
}

int sync_file(int file) noexcept {
  return make(call::sync_file, file, 0, [&](std::size_t) {
    // Who may only read has written nothing.
    const bool done =
        ::FlushFileBuffers(as_handle(file)) || ::GetLastError() == ERROR_ACCESS_DENIED;
    return done ? 0 : SOCKET_ERROR;
  });
}

int sync_file_data(int file) noexcept {
  return sync_file(file);
}

std::int64_t file_size(int file) noexcept {
  return make(call::file_size, file, 0, [&](std::size_t) -> std::int64_t {
    LARGE_INTEGER size{};
    return ::GetFileSizeEx(as_handle(file), &size) ? size.QuadPart : SOCKET_ERROR;
  });
}

int resize_file(int file, std::int64_t size) noexcept {
  return make(call::resize_file, file, 0, [&](std::size_t) {
    FILE_END_OF_FILE_INFO end{};
    end.EndOfFile.QuadPart = size;
    return ::SetFileInformationByHandle(as_handle(file), FileEndOfFileInfo, &end, sizeof end)
               ? 0
               : SOCKET_ERROR;
  });
}

}  // namespace weft::detail::sys
