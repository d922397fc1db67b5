// Before any header: files have sizes and times of 64 bits on 32-bit processors too.
// NOLINTBEGIN(bugprone-reserved-identifier, readability-identifier-naming)
#define _FILE_OFFSET_BITS 64
#define _TIME_BITS 64
// NOLINTEND(bugprone-reserved-identifier, readability-identifier-naming)

#include <algorithm>
#include <climits>
#include <csignal>
#include <cstdint>

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include "syscalls_pipes.hpp"
#include "syscalls_pipes_native.hpp"
#include "syscalls_posix.hpp"

/// A write to a pipe cannot be told not to raise SIGPIPE; only some systems have such pipes. The
/// signal goes to the thread that writes, so it is held back from this thread, and the one that the
/// write has raised is taken before it is let through again. One that pends already, because the
/// program itself holds it back, is left to the program.
namespace weft::detail::sys {

namespace {

class broken_pipe_signal {
 public:
  broken_pipe_signal() noexcept {
    ::sigemptyset(&only_it_);
    ::sigaddset(&only_it_, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &only_it_, &before_);
    pended_ = ::sigismember(&before_, SIGPIPE) && pends();
  }
  ~broken_pipe_signal() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  broken_pipe_signal(const broken_pipe_signal&) = delete;
  broken_pipe_signal& operator=(const broken_pipe_signal&) = delete;

  void take() const noexcept {
    if (!pended_ && pends()) {
      int taken = 0;
      ::sigwait(&only_it_, &taken);
    }
  }

 private:
  static bool pends() noexcept {
    sigset_t all;
    return ::sigpending(&all) == 0 && ::sigismember(&all, SIGPIPE);
  }

  sigset_t only_it_;
  sigset_t before_;
  bool pended_;
};

template <class Call>
std::ptrdiff_t make_quietly(int fd, std::size_t size, Call make_it) noexcept {
  const broken_pipe_signal held_back;
  const std::ptrdiff_t written = make(call::write, fd, size, make_it);
  if (written == -EPIPE) {
    held_back.take();
  }
  return written;
}

// Of a call that does not wait: its thread copies no more at a time.
constexpr std::size_t most_at_once = std::size_t{1} << 20;

}  // namespace

std::ptrdiff_t write_quietly(int fd, const void* data, std::size_t& size) noexcept {
  return make_quietly(fd, size, [&](std::size_t n) { return ::write(fd, data, size = n); });
}

std::ptrdiff_t try_read(int fd, void* data, std::size_t& size) noexcept {
  return make(call::read, fd, std::min(size, most_at_once),
              [&](std::size_t n) -> std::ptrdiff_t { return read_at_once(fd, data, size = n); });
}

std::ptrdiff_t try_write_quietly(int fd, const void* data, std::size_t& size) noexcept {
  return make_quietly(fd, std::min(size, most_at_once), [&](std::size_t n) -> std::ptrdiff_t {
    return write_at_once(fd, data, size = n);
  });
}

int duplicate(int fd) noexcept {
  return make(call::duplicate, fd, 0,
              [&](std::size_t) { return ::fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1); });
}

std::size_t room_when_writable(int fd) noexcept {
  struct stat what{};
  const bool has_room = ::fstat(fd, &what) == 0 && (S_ISREG(what.st_mode) || S_ISBLK(what.st_mode));
  return has_room ? SIZE_MAX : PIPE_BUF;
}

}  // namespace weft::detail::sys
