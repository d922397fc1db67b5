#include <csignal>

#include <pthread.h>
#include <unistd.h>

#include "syscalls_pipes.hpp"
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

}  // namespace

std::ptrdiff_t write_quietly(int fd, const void* data, std::size_t& size) noexcept {
  const broken_pipe_signal held_back;
  const std::ptrdiff_t written =
      make(call::write, fd, size, [&](std::size_t n) { return ::write(fd, data, size = n); });
  if (written == -EPIPE) {
    held_back.take();
  }
  return written;
}

}  // namespace weft::detail::sys
