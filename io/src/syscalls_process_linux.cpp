#include <cerrno>
#include <csignal>
#include <memory>
#include <new>

#include <pthread.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <weft/io/detail/syscalls.hpp>

#include "small_thread_posix.hpp"
#include "syscalls_posix.hpp"
#include "syscalls_process_native.hpp"

/// A child is watched, waited for and signalled by a pidfd, which names it for ever. Where
/// sandboxes and old kernels refuse that, a thread waits for its end, takes no note of it, and
/// closes the end of a pipe; the child's number is its own until reap().
namespace weft::detail::sys {

namespace {

constexpr auto by_handle = static_cast<idtype_t>(3);  // P_PIDFD, not in all C libraries

int wait_for(idtype_t kind, int name, siginfo_t& how, int options) noexcept {
  how.si_pid = 0;
  return ::waitid(kind, static_cast<id_t>(name), &how, options);
}

struct vigil {
  int number;
  int bell;
};

void* keep_vigil(void* given) {
  const std::unique_ptr<vigil> mine(static_cast<vigil*>(given));
  siginfo_t how{};
  while (wait_for(P_PID, mine->number, how, WEXITED | WNOWAIT) < 0 && errno == EINTR) {
  }
  ::close(mine->bell);
  return nullptr;
}

/// 0, or the error number.
int start_vigil(vigil& given) noexcept {
  pthread_t thread;
  const int failed = start_small_thread(thread, &keep_vigil, &given);
  if (failed == 0) {
    ::pthread_detach(thread);
  }
  return failed;
}

int watch_by_thread(child& which) noexcept {
  int ends[2];
  if (const int error = wake_pipe(ends); error < 0) {
    return error;
  }
  std::unique_ptr<vigil> made(new (std::nothrow) vigil{which.number, ends[1]});
  if (const int error = made ? start_vigil(*made) : ENOMEM; error != 0) {
    close(ends[0]);
    close(ends[1]);
    return -error;
  }
  (void)made.release();  // the thread's
  which.watch = ends[0];
  return 0;
}

}  // namespace

int add_directory(posix_spawn_file_actions_t& actions, const char* path) noexcept {
  return ::posix_spawn_file_actions_addchdir_np(&actions, path);
}

int watch_child(child& which) noexcept {
  const int made = make(call::watch_child, -1, 0, [&](std::size_t) {
    return static_cast<int>(::syscall(SYS_pidfd_open, which.number, 0));
  });
  switch (made) {
    case -ESRCH:  // the program ignores SIGCHLD, and so it is gone already
      return watch_nothing(which);
    case -ENOSYS:
    case -EPERM:
    case -EACCES:
    case -EINVAL:
    case -ENODEV:
      return watch_by_thread(which);
    default:
      which.watch = made;
      which.is_named_by_watch = made >= 0;
      return made < 0 ? made : 0;
  }
}

int reap(const child& which, child_end& how) noexcept {
  siginfo_t end{};
  const int done = make(call::wait_child, -1, 0, [&](std::size_t) {
    return which.is_named_by_watch ? wait_for(by_handle, which.watch, end, WEXITED | WNOHANG)
                                   : wait_for(P_PID, which.number, end, WEXITED | WNOHANG);
  });
  if (done < 0 || end.si_pid == 0) {
    return done;
  }
  how = {.number = end.si_status,
         .by_signal = end.si_code != CLD_EXITED,
         .dumped_core = end.si_code == CLD_DUMPED};
  return 1;
}

int signal_child(const child& which, int signal) noexcept {
  return make(call::signal_child, -1, 0, [&](std::size_t) {
    return which.is_named_by_watch
               ? static_cast<int>(::syscall(SYS_pidfd_send_signal, which.watch, signal, nullptr, 0))
               : ::kill(which.number, signal);
  });
}

char** environment() noexcept {
  return environ;
}

}  // namespace weft::detail::sys
