#include <cstdint>
#include <optional>

#include <weft/io/file_status.hpp>
#include <weft/io/rename.hpp>

#include "file_clock.hpp"
#include "syscalls_paths.hpp"
#include "syscalls_windows.hpp"

namespace weft::detail::sys {

namespace {

using std::filesystem::perms;

// The system counts tenths of microseconds from 1601.
constexpr std::int64_t ticks_a_second = 10'000'000;
constexpr std::int64_t nanoseconds_a_tick = 100;
constexpr std::int64_t seconds_before_1970 = 11'644'473'600;

wall_time time_of(const LARGE_INTEGER& told) noexcept {
  return io::detail::wall_time_of(told.QuadPart / ticks_a_second - seconds_before_1970,
                                  told.QuadPart % ticks_a_second * nanoseconds_a_tick);
}

/// 0: it stays as it is.
LARGE_INTEGER system_time(const std::optional<wall_time>& when) noexcept {
  LARGE_INTEGER told{};
  if (when) {
    told.QuadPart = when->time_since_epoch().count() / nanoseconds_a_tick +
                    seconds_before_1970 * ticks_a_second;
  }
  return told;
}

perms permissions_of(DWORD attributes) noexcept {
  constexpr perms to_write = perms::owner_write | perms::group_write | perms::others_write;
  constexpr perms to_read = perms::owner_read | perms::group_read | perms::others_read;
  constexpr perms to_search = perms::owner_exec | perms::group_exec | perms::others_exec;
  perms all = to_read;
  if (attributes & FILE_ATTRIBUTE_DIRECTORY) {
    all |= to_search;
  }
  return attributes & FILE_ATTRIBUTE_READONLY ? all : all | to_write;
}

std::filesystem::file_type type_of(HANDLE handle, DWORD attributes) noexcept {
  using std::filesystem::file_type;
  if (attributes & FILE_ATTRIBUTE_REPARSE_POINT) {
    FILE_ATTRIBUTE_TAG_INFO tag{};
    if (::GetFileInformationByHandleEx(handle, FileAttributeTagInfo, &tag, sizeof tag) &&
        tag.ReparseTag == IO_REPARSE_TAG_SYMLINK) {
      return file_type::symlink;
    }
  }
  if (attributes & FILE_ATTRIBUTE_DIRECTORY) {
    return file_type::directory;
  }
  return ::GetFileType(handle) == FILE_TYPE_CHAR ? file_type::character : file_type::regular;
}

/// 0, or SOCKET_ERROR, as all that make() makes.
int tell(HANDLE handle, io::file_status& into) noexcept {
  BY_HANDLE_FILE_INFORMATION what{};
  FILE_BASIC_INFO times{};
  if (!::GetFileInformationByHandle(handle, &what) ||
      !::GetFileInformationByHandleEx(handle, FileBasicInfo, &times, sizeof times)) {
    return SOCKET_ERROR;
  }
  into = {.type = type_of(handle, what.dwFileAttributes),
          .permissions = permissions_of(what.dwFileAttributes),
          .size = std::uint64_t{what.nFileSizeHigh} << 32 | what.nFileSizeLow,
          .links = what.nNumberOfLinks,
          .accessed = time_of(times.LastAccessTime),
          .modified = time_of(times.LastWriteTime),
          .changed = time_of(times.ChangeTime),
          .created = time_of(times.CreationTime),
          .device = what.dwVolumeSerialNumber,
          .number = std::uint64_t{what.nFileIndexHigh} << 32 | what.nFileIndexLow};
  return 0;
}

int permit(HANDLE handle, perms permissions) noexcept {
  FILE_BASIC_INFO basic{};
  if (!::GetFileInformationByHandleEx(handle, FileBasicInfo, &basic, sizeof basic)) {
    return SOCKET_ERROR;
  }
  basic.FileAttributes &= ~DWORD{FILE_ATTRIBUTE_READONLY};
  if ((permissions & perms::owner_write) == perms::none) {
    basic.FileAttributes |= FILE_ATTRIBUTE_READONLY;
  }
  if (basic.FileAttributes == 0) {
    basic.FileAttributes = FILE_ATTRIBUTE_NORMAL;  // 0 would change nothing
  }
  return ::SetFileInformationByHandle(handle, FileBasicInfo, &basic, sizeof basic) ? 0
                                                                                   : SOCKET_ERROR;
}

int date(HANDLE handle, const io::file_times& times) noexcept {
  FILE_BASIC_INFO basic{};
  basic.LastAccessTime = system_time(times.accessed);
  basic.LastWriteTime = system_time(times.modified);
  return ::SetFileInformationByHandle(handle, FileBasicInfo, &basic, sizeof basic) ? 0
                                                                                   : SOCKET_ERROR;
}

/// Opens what is at the path, a directory too, for as long as `use(handle)` takes.
template <class Use>
int with_path(const std::filesystem::path& path, DWORD access, DWORD flags, Use use) noexcept {
  const HANDLE handle =
      ::CreateFileW(path.c_str(), access, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                    nullptr, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS | flags, nullptr);
  if (handle == INVALID_HANDLE_VALUE) {
    return SOCKET_ERROR;
  }
  const int outcome = use(handle);
  const DWORD error = ::GetLastError();
  ::CloseHandle(handle);
  ::SetLastError(error);
  return outcome;
}

constexpr DWORD to_change = FILE_READ_ATTRIBUTES | FILE_WRITE_ATTRIBUTES;

}  // namespace

int status_of_file(int file, io::file_status& into) noexcept {
  return make(call::file_status, file, 0, [&](std::size_t) { return tell(as_handle(file), into); });
}

int status_of_path(const std::filesystem::path& path, link_use links,
                   io::file_status& into) noexcept {
  const DWORD flags = links == link_use::kept ? DWORD{FILE_FLAG_OPEN_REPARSE_POINT} : 0;
  return make(call::file_status, -1, 0, [&](std::size_t) {
    return with_path(path, FILE_READ_ATTRIBUTES, flags,
                     [&](HANDLE handle) { return tell(handle, into); });
  });
}

int set_file_permissions(int file, perms permissions) noexcept {
  return make(call::set_permissions, file, 0,
              [&](std::size_t) { return permit(as_handle(file), permissions); });
}

int set_path_permissions(const std::filesystem::path& path, perms permissions) noexcept {
  return make(call::set_permissions, -1, 0, [&](std::size_t) {
    return with_path(path, to_change, 0,
                     [&](HANDLE handle) { return permit(handle, permissions); });
  });
}

int set_file_times(int file, const io::file_times& times) noexcept {
  return make(call::set_times, file, 0, [&](std::size_t) { return date(as_handle(file), times); });
}

int set_path_times(const std::filesystem::path& path, const io::file_times& times) noexcept {
  return make(call::set_times, -1, 0, [&](std::size_t) {
    return with_path(path, to_change, 0, [&](HANDLE handle) { return date(handle, times); });
  });
}

int rename_path(const std::filesystem::path& from, const std::filesystem::path& to,
                io::existing_file existing) noexcept {
  const DWORD flags = existing == io::existing_file::replace
                          ? MOVEFILE_WRITE_THROUGH | MOVEFILE_REPLACE_EXISTING
                          : MOVEFILE_WRITE_THROUGH;
  return make(call::rename, -1, 0, [&](std::size_t) {
    return ::MoveFileExW(from.c_str(), to.c_str(), flags) ? 0 : SOCKET_ERROR;
  });
}

int remove_path(const std::filesystem::path& path) noexcept {
  return make(call::remove, -1, 0, [&](std::size_t) {
    const DWORD attributes = ::GetFileAttributesW(path.c_str());
    if (attributes == INVALID_FILE_ATTRIBUTES) {
      return SOCKET_ERROR;
    }
    const bool done = attributes & FILE_ATTRIBUTE_DIRECTORY ? ::RemoveDirectoryW(path.c_str())
                                                            : ::DeleteFileW(path.c_str());
    return done ? 0 : SOCKET_ERROR;
  });
}

int make_directory(const std::filesystem::path& path, perms) noexcept {
  return make(call::make_directory, -1, 0, [&](std::size_t) {
    return ::CreateDirectoryW(path.c_str(), nullptr) ? 0 : SOCKET_ERROR;
  });
}

int sync_directory(const std::filesystem::path&) noexcept {
  return 0;  // rename_path() has returned when it was done
}

std::ptrdiff_t copy_range(int from, int, std::uint64_t, std::size_t size) noexcept {
  return make(call::copy_range, from, size, [](std::size_t) -> std::ptrdiff_t {
    ::SetLastError(ERROR_NOT_SUPPORTED);
    return SOCKET_ERROR;
  });
}

}  // namespace weft::detail::sys
