// Before any header: files beyond 2 GiB on 32-bit processors too.
// NOLINTBEGIN(bugprone-reserved-identifier, readability-identifier-naming)
#define _FILE_OFFSET_BITS 64
// NOLINTEND(bugprone-reserved-identifier, readability-identifier-naming)

#include <cerrno>
#include <cstdint>

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <weft/io/file_options.hpp>

#include "syscalls_files_posix.hpp"
#include "syscalls_paths.hpp"
#include "syscalls_posix.hpp"

namespace weft::detail::sys {

namespace {

// The kernel's own, for headers are older than it: the number is the same on all processors.
constexpr long openat2 = 437;
constexpr std::uint64_t no_magic_links = 0x02;
constexpr std::uint64_t beneath = 0x08;
struct open_how {
  std::uint64_t flags;
  std::uint64_t mode;
  std::uint64_t resolve;
};

}  // namespace

int open_root(const std::filesystem::path& path) noexcept {
  return make(call::open_file, -1, 0,
              [&](std::size_t) { return ::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC); });
}

int open_beneath(int root, const std::filesystem::path& path, const io::file_options& options,
                 file_modes& modes) noexcept {
  const int flags = open_flags(options) | O_LARGEFILE;
  const open_how how{.flags = static_cast<std::uint64_t>(flags),
                     .mode = flags & O_CREAT ? options.permissions & 07777U : 0,
                     .resolve = beneath | no_magic_links};
  constexpr int most_tries = 128;
  int file = -EAGAIN;
  // EAGAIN: a directory on the way was moved, so that ".." could not be told from a way out.
  for (int tries = 0; file == -EAGAIN && tries < most_tries; ++tries) {
    file = make(call::open_file, root, 0, [&](std::size_t) {
      return static_cast<int>(::syscall(openat2, root, path.c_str(), &how, sizeof how));
    });
  }
  return finish_open(file == -ENOSYS ? -EOPNOTSUPP : file, options, modes);
}

}  // namespace weft::detail::sys
