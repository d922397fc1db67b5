// Before any header: offsets have 64 bits on 32-bit processors too, and times, for fstat() refuses
// files whose own does not fit.
// NOLINTBEGIN(bugprone-reserved-identifier, readability-identifier-naming)
#define _FILE_OFFSET_BITS 64
#define _TIME_BITS 64
// NOLINTEND(bugprone-reserved-identifier, readability-identifier-naming)

#include "syscalls_files_posix.hpp"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <weft/io/file_options.hpp>
#include <weft/io/operation.hpp>

#include "file_part.hpp"
#include "syscalls_posix.hpp"

/// Files.
namespace weft::detail::sys {

namespace {

static_assert(sizeof(off_t) == sizeof(std::int64_t));

// Of one transfer; the system itself stops at 2 GiB.
constexpr std::size_t most_bytes = std::size_t{1} << 30;

/// `all` moves all of the parts, `one` moves one.
template <class All, class One>
std::ptrdiff_t transfer(call which, int file, const io::file_transfer& what, std::size_t& size,
                        All&& all, One&& one) noexcept {
  const std::size_t whole = size;
  return make(which, file, std::min(size, most_bytes), [&](std::size_t n) -> std::ptrdiff_t {
    size = n;
    return n == whole && what.count > 1 ? all() : one(io::detail::first_part(what, n));
  });
}

}  // namespace

int open_flags(const io::file_options& options) noexcept {
  // Without O_NONBLOCK a FIFO would be waited for before it could be told from a file.
  int flags = O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
  switch (options.access) {
    case io::file_access::read:
      flags |= O_RDONLY;
      break;
    case io::file_access::write:
      flags |= O_WRONLY;
      break;
    case io::file_access::read_write:
      flags |= O_RDWR;
      break;
  }
  switch (options.create) {
    case io::file_creation::never:
      break;
    case io::file_creation::if_missing:
      flags |= O_CREAT;
      break;
    case io::file_creation::always_new:
      flags |= O_CREAT | O_EXCL;
      break;
    case io::file_creation::truncate:
      flags |= O_CREAT | O_TRUNC;
      break;
  }
  if (options.direct) {
    flags |= direct_flag();
  }
  return options.append ? flags | O_APPEND : flags;
}

int finish_open(int file, const io::file_options& options, file_modes& modes) noexcept {
  if (file < 0) {
    // What file systems say that cannot do it.
    return options.direct && file == -EINVAL ? -EOPNOTSUPP : file;
  }
  int error = prepare_file(file, modes);
  if (error == 0 && options.direct) {
    const int alignment = go_direct(file);
    error = std::min(alignment, 0);
    modes.direct = static_cast<unsigned>(std::max(alignment, 1));
  }
  if (error < 0) {
    ::close(file);
    return error;
  }
  return file;
}

int open_file(const char* path, const io::file_options& options, file_modes& modes) noexcept {
  const int file = make(call::open_file, -1, 0, [&](std::size_t) {
    return ::open(path, open_flags(options), static_cast<mode_t>(options.permissions));
  });
  return finish_open(file, options, modes);
}

int prepare_file(int file, file_modes& modes) noexcept {
  struct stat what{};
  if (::fstat(file, &what) != 0) {
    return -errno;
  }
  if (S_ISDIR(what.st_mode)) {
    return -EISDIR;
  }
  if (::lseek(file, 0, SEEK_CUR) < 0) {
    return -errno;
  }
  const int flags = ::fcntl(file, F_GETFL);
  if (flags < 0 || ((flags & O_NONBLOCK) && ::fcntl(file, F_SETFL, flags & ~O_NONBLOCK) < 0)) {
    return -errno;
  }
  const int access = flags & O_ACCMODE;
  modes = {.reads = access == O_RDONLY || access == O_RDWR,
           .writes = access == O_WRONLY || access == O_RDWR,
           .appends = (flags & O_APPEND) != 0,
           .in_memory = is_in_memory(file)};
  if (flags & direct_flag()) {
    const int alignment = go_direct(file);
    modes.direct = static_cast<unsigned>(alignment < 0 ? usual_alignment : alignment);
  }
  return 0;
}

std::ptrdiff_t read_file(int file, const io::file_transfer& what, std::size_t& size) noexcept {
  return transfer(
      call::read, file, what, size,
      [&] { return ::preadv(file, what.parts, static_cast<int>(what.count), what.offset); },
      [&](const iovec& part) { return ::pread(file, part.iov_base, part.iov_len, what.offset); });
}

std::ptrdiff_t try_read_file(int file, const io::file_transfer& what, std::size_t& size) noexcept {
  return transfer(
      call::read, file, what, size,
      [&] { return read_without_waiting(file, what.parts, what.count, what.offset); },
      [&](const iovec& part) { return read_without_waiting(file, &part, 1, what.offset); });
}

std::ptrdiff_t write_file(int file, const io::file_transfer& what, std::size_t& size) noexcept {
  const bool appends = what.offset < 0;
  return transfer(
      call::write, file, what, size,
      [&] {
        const auto count = static_cast<int>(what.count);
        return appends ? ::writev(file, what.parts, count)
                       : ::pwritev(file, what.parts, count, what.offset);
      },
      [&](const iovec& part) {
        return appends ? ::write(file, part.iov_base, part.iov_len)
                       : ::pwrite(file, part.iov_base, part.iov_len, what.offset);
      });
}

int sync_file(int file) noexcept {
  return make(call::sync_file, file, 0, [&](std::size_t) { return sync_to_device(file); });
}

int sync_file_data(int file) noexcept {
  return make(call::sync_file, file, 0, [&](std::size_t) { return sync_data_to_device(file); });
}

std::int64_t file_size(int file) noexcept {
  return make(call::file_size, file, 0, [&](std::size_t) -> std::int64_t {
    struct stat what{};
    if (::fstat(file, &what) != 0) {
      return -1;
    }
    if (!S_ISBLK(what.st_mode)) {
      return what.st_size;
    }
    const off_t before = ::lseek(file, 0, SEEK_CUR);
    const off_t end = ::lseek(file, 0, SEEK_END);
    ::lseek(file, before, SEEK_SET);
    return end;
  });
}

int resize_file(int file, std::int64_t size) noexcept {
  return make(call::resize_file, file, 0, [&](std::size_t) { return ::ftruncate(file, size); });
}

}  // namespace weft::detail::sys
