#include <cerrno>
#include <csignal>

#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <weft/io/detail/syscalls.hpp>

#include "syscalls_posix.hpp"
#include "syscalls_process.hpp"
#include "syscalls_process_native.hpp"

/// Children are started by posix_spawn(), which copies no memory, and tells what became of exec().
namespace weft::detail::sys {

namespace {

/// What the child does first.
class first_steps {
 public:
  explicit first_steps(const child_start& what) noexcept {
    error_ = ::posix_spawn_file_actions_init(&actions_);
    is_made_ = error_ == 0;
    for (int stream = 0; error_ == 0 && stream < 3; ++stream) {
      const int given = what.streams[static_cast<std::size_t>(stream)];
      if (given >= 0) {
        error_ = ::posix_spawn_file_actions_adddup2(&actions_, given, stream);
      }
    }
    if (error_ == 0 && what.directory) {
      error_ = add_directory(actions_, what.directory);
    }
  }
  ~first_steps() {
    if (is_made_) {
      ::posix_spawn_file_actions_destroy(&actions_);
    }
  }
  first_steps(const first_steps&) = delete;
  first_steps& operator=(const first_steps&) = delete;

  int error() const noexcept { return error_; }
  const posix_spawn_file_actions_t* get() const noexcept { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_;
  int error_;
  bool is_made_;
};

/// No signal is held back, and SIGPIPE does what programs expect.
class plain_signals {
 public:
  plain_signals() noexcept {
    error_ = ::posix_spawnattr_init(&attributes_);
    is_made_ = error_ == 0;
    sigset_t signals;
    ::sigemptyset(&signals);
    if (error_ == 0) {
      error_ = ::posix_spawnattr_setsigmask(&attributes_, &signals);
    }
    ::sigaddset(&signals, SIGPIPE);
    if (error_ == 0) {
      error_ = ::posix_spawnattr_setsigdefault(&attributes_, &signals);
    }
    if (error_ == 0) {
      error_ =
          ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    }
  }
  ~plain_signals() {
    if (is_made_) {
      ::posix_spawnattr_destroy(&attributes_);
    }
  }
  plain_signals(const plain_signals&) = delete;
  plain_signals& operator=(const plain_signals&) = delete;

  int error() const noexcept { return error_; }
  const posix_spawnattr_t* get() const noexcept { return &attributes_; }

 private:
  posix_spawnattr_t attributes_;
  int error_;
  bool is_made_;
};

}  // namespace

int start_child(const child_start& what) noexcept {
  const first_steps steps(what);
  const plain_signals signals;
  if (steps.error() != 0 || signals.error() != 0) {
    return -(steps.error() != 0 ? steps.error() : signals.error());
  }
  return make(call::spawn, -1, 0, [&](std::size_t) {
    pid_t number = -1;
    const int error = ::posix_spawnp(&number, what.program, steps.get(), signals.get(),
                                     what.arguments, what.environment);
    errno = error;
    return error == 0 ? number : -1;
  });
}

int watch_nothing(child& which) noexcept {
  int ends[2];
  if (const int error = wake_pipe(ends); error < 0) {
    return error;
  }
  close(ends[1]);
  which.watch = ends[0];
  return 0;
}

void destroy_child(const child& which) noexcept {
  ::kill(which.number, SIGKILL);
  while (::waitpid(which.number, nullptr, 0) < 0 && errno == EINTR) {
  }
}

int set_blocking(int fd) noexcept {
  const int flags = ::fcntl(fd, F_GETFL);
  return flags < 0 || ::fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) < 0 ? -errno : 0;
}

}  // namespace weft::detail::sys
