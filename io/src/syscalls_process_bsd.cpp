#include <array>
#include <cerrno>
#include <csignal>

#include <sys/event.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <weft/io/detail/syscalls.hpp>

#include "syscalls_kqueue.hpp"
#include "syscalls_posix.hpp"
#include "syscalls_process_native.hpp"

#if defined(__APPLE__)
extern "C" char*** _NSGetEnviron();
#else
extern "C" char** environ;  // NOLINT(readability-redundant-declaration): Linux declares it
#endif

/// A child is watched by a kqueue of its own, which is readable once it holds the child's end: so
/// every backend can wait for it, as for any other handle.
namespace weft::detail::sys {

int add_directory([[maybe_unused]] posix_spawn_file_actions_t& actions,
                  [[maybe_unused]] const char* path) noexcept {
#if defined(__NetBSD__) || defined(__OpenBSD__) || defined(__DragonFly__)
  return EOPNOTSUPP;
#else
  return ::posix_spawn_file_actions_addchdir_np(&actions, path);
#endif
}

int watch_child(child& which) noexcept {
  if (const fault f = consult(call::watch_child, -1); f.error != 0) {
    return -f.error;
  }
  const int queue = kqueue_create();
  if (queue < 0) {
    return queue;
  }
  std::array<struct kevent, 1> end{};
  end[0].ident = static_cast<std::uintptr_t>(which.number);
  end[0].filter = static_cast<decltype(end[0].filter)>(EVFILT_PROC);
  end[0].flags = EV_ADD;
  end[0].fflags = NOTE_EXIT;
  int error = kqueue_change(queue, end);
  if (error == 0) {
    error = -static_cast<int>(end[0].data);
  }
  if (error == 0) {
    which.watch = queue;
    return 0;
  }
  close(queue);
  // Some systems do not find one that has ended, though nobody has taken note of it.
  return error == -ESRCH ? watch_nothing(which) : error;
}

int reap(const child& which, child_end& how) noexcept {
  int status = 0;
  const int done = make(call::wait_child, -1, 0, [&](std::size_t) {
    return static_cast<int>(::waitpid(which.number, &status, WNOHANG));
  });
  if (done <= 0) {
    return done;
  }
  const bool by_signal = WIFSIGNALED(status);
  how = {.number = by_signal ? WTERMSIG(status) : WEXITSTATUS(status),
         .by_signal = by_signal,
         .dumped_core = by_signal && WCOREDUMP(status)};
  return 1;
}

int signal_child(const child& which, int signal) noexcept {
  return make(call::signal_child, -1, 0, [&](std::size_t) { return ::kill(which.number, signal); });
}

char** environment() noexcept {
#if defined(__APPLE__)
  return *::_NSGetEnviron();
#else
  return environ;
#endif
}

}  // namespace weft::detail::sys
