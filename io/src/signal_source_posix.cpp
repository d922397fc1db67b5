#include <array>
#include <atomic>
#include <cerrno>

#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/types.h>
#include <unistd.h>

#include <weft/io/detail/syscalls.hpp>
#include <weft/runtime/deadlock.hpp>

#include "signal_source.hpp"

/// A self-pipe. The handler marks the signal and writes a byte; a thread reads the bytes and hears
/// what is marked. The mark comes before the byte and is taken after it, so none is missed; a full
/// pipe loses nothing, for then the thread has yet to look.
///
/// A handler may be on its way, on any thread, while the pipe is closed. So it counts itself in
/// before it asks for the pipe, and stop() takes the pipe's number away before it waits for the
/// count: one of the two sees the other, and no byte goes to a number that was used again. All
/// seq_cst.
///
/// A child of fork() has the handlers until it calls exec(), and the same pipe. There the handler
/// puts back what was before, and raises the signal again.
///
/// kqueue's EVFILT_SIGNAL and Linux's signalfd would not do without the handler: the signal must
/// not do what it did, and one that is ignored or blocked instead stays so in a child after exec().
namespace weft::detail::signal_source {

namespace {

std::atomic<int> bell{-1};          // the end that handlers write to
std::atomic<unsigned> handlers{0};  // between counting in and having written
std::array<std::atomic<bool>, limit> marked{};
std::array<struct sigaction, limit> before{};

int pipe_out = -1;
std::atomic<bool> stopping{false};
pthread_t thread;
hearer hear_it = nullptr;
std::atomic<pid_t> home{0};  // read by a handler that comes late, while listening begins again

void ring() noexcept {
  handlers.fetch_add(1);
  if (const int fd = bell.load(); fd >= 0) {
    const char byte = 0;
    [[maybe_unused]] const auto written = ::write(fd, &byte, 1);
  }
  handlers.fetch_sub(1);
}

extern "C" void weft_on_signal(int signal) {
  const int saved = errno;
  const auto at = static_cast<std::size_t>(signal);
  if (::getpid() == home.load()) {
    marked[at].store(true);
    ring();
  } else {
    ::sigaction(signal, &before[at], nullptr);
    ::raise(signal);
  }
  errno = saved;
}

/// Sleeps until the bell has rung; takes all that it has rung.
void await_ring() noexcept {
  std::array<char, 64> bytes;
  for (;;) {
    std::size_t size = bytes.size();
    if (sys::read(pipe_out, bytes.data(), size) != -EAGAIN) {
      return;
    }
    sys::poll(pipe_out, POLLIN, forever);
  }
}

void* listen(void*) {
  // Whom a signal wakes either waits for one, from outside, or is counted as an interrupt watch.
  const bystander aside;
  while (!stopping.load()) {
    await_ring();
    for (int signal = 1; signal < limit; ++signal) {
      if (marked[static_cast<std::size_t>(signal)].exchange(false)) {
        hear_it(signal);
      }
    }
  }
  return nullptr;
}

/// A small thread that no signal interrupts.
std::error_code start_thread() noexcept {
  pthread_attr_t small;
  ::pthread_attr_init(&small);
  ::pthread_attr_setstacksize(&small, 256 * 1024);
  sigset_t all;
  sigset_t own;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &own);
  const int failed = ::pthread_create(&thread, &small, &listen, nullptr);
  ::pthread_sigmask(SIG_SETMASK, &own, nullptr);
  ::pthread_attr_destroy(&small);
  return {failed, std::system_category()};
}

void close_pipe() noexcept {
  const int fd = bell.exchange(-1);
  while (handlers.load() != 0) {
    ::sched_yield();
  }
  sys::close(fd);
  sys::close(pipe_out);
}

bool is_fault(int signal) noexcept {
  return signal == SIGSEGV || signal == SIGBUS || signal == SIGFPE || signal == SIGILL;
}

}  // namespace

std::error_code start(hearer hear) noexcept {
  int ends[2];
  if (const int made = sys::pipe(ends, 4096); made < 0) {
    return {-made, std::system_category()};
  }
  for (auto& mark : marked) {
    mark.store(false);
  }
  pipe_out = ends[0];
  hear_it = hear;
  home.store(::getpid());
  stopping.store(false);
  bell.store(ends[1]);
  const std::error_code failed = start_thread();
  if (failed) {
    close_pipe();
  }
  return failed;
}

void stop() noexcept {
  stopping.store(true);
  ring();
  ::pthread_join(thread, nullptr);
  close_pipe();
}

std::error_code take(int signal) noexcept {
  if (signal < 1 || signal >= limit || is_fault(signal)) {
    return std::make_error_code(std::errc::invalid_argument);
  }
  struct sigaction action{};
  action.sa_handler = &weft_on_signal;
  action.sa_flags = SA_RESTART | SA_ONSTACK;
  ::sigemptyset(&action.sa_mask);
  if (::sigaction(signal, &action, &before[static_cast<std::size_t>(signal)]) < 0) {
    return {errno, std::system_category()};
  }
  return {};
}

void give_back(int signal) noexcept {
  struct sigaction now{};
  ::sigaction(signal, nullptr, &now);
  if (!(now.sa_flags & SA_SIGINFO) && now.sa_handler == &weft_on_signal) {
    ::sigaction(signal, &before[static_cast<std::size_t>(signal)], nullptr);
  }
}

}  // namespace weft::detail::signal_source
