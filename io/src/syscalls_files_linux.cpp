// Before any header: some systems of files are too large for 32 bits.
// NOLINTBEGIN(bugprone-reserved-identifier, readability-identifier-naming)
#define _FILE_OFFSET_BITS 64
// NOLINTEND(bugprone-reserved-identifier, readability-identifier-naming)

#include <algorithm>
#include <cerrno>
#include <cstdint>

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/stat.h>  // not the C library's, which lacks what is new
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "syscalls_files_posix.hpp"

namespace weft::detail::sys {

/// The C library's form is not in all of them.
long read_without_waiting(int file, const iovec* parts, unsigned count,
                          std::int64_t offset) noexcept {
  constexpr int no_wait = 8;  // RWF_NOWAIT
  const auto low = static_cast<unsigned long>(offset);
  const auto high = static_cast<unsigned long>(static_cast<std::uint64_t>(offset) >> 32);
  const long n = ::syscall(SYS_preadv2, file, parts, count, low, high, no_wait);
  // Kernels, file systems and sandboxes that do not have it refuse in different ways.
  if (n < 0 && (errno == EOPNOTSUPP || errno == ENOSYS || errno == EINVAL || errno == EPERM)) {
    errno = EAGAIN;
  }
  return n;
}

bool is_in_memory(int file) noexcept {
  struct statfs where{};
  if (::fstatfs(file, &where) != 0) {
    return false;
  }
  const auto type = static_cast<std::uint32_t>(where.f_type);  // of another type on each processor
  return type == TMPFS_MAGIC || type == RAMFS_MAGIC;
}

int direct_flag() noexcept {
  return O_DIRECT;
}

int go_direct(int file) noexcept {
#if defined(STATX_DIOALIGN)
  constexpr int by_handle = 0x1000;  // AT_EMPTY_PATH
  struct statx what{};
  if (::syscall(SYS_statx, file, "", by_handle, STATX_DIOALIGN, &what) == 0 &&
      (what.stx_mask & STATX_DIOALIGN)) {
    const unsigned alignment = std::max(what.stx_dio_mem_align, what.stx_dio_offset_align);
    return what.stx_dio_offset_align == 0 ? -EOPNOTSUPP : static_cast<int>(alignment);
  }
#endif
  return usual_alignment;  // before Linux 6.1, and file systems that do not tell
}

int sync_to_device(int file) noexcept {
  return ::fsync(file);
}

int sync_data_to_device(int file) noexcept {
  return ::fdatasync(file);
}

}  // namespace weft::detail::sys
