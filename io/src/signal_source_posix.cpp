#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>

#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <sys/types.h>
#include <unistd.h>

#include <weft/io/backend.hpp>
#include <weft/io/detail/syscalls.hpp>
#include <weft/runtime/clock.hpp>
#include <weft/runtime/deadlock.hpp>
#include <weft/runtime/detail/errand.hpp>
#include <weft/runtime/runtime.hpp>

#include "signal_source.hpp"
#include "small_thread_posix.hpp"

/// The handler marks the signal, and rings: by a byte into a pipe, whose other end a thread reads,
/// or by leaving an errand to a worker and waking it. Who has been rung for hears what is marked.
/// The mark comes before the ringing and is taken after it, so none is missed; a full pipe loses
/// nothing, for then the thread has yet to look.
///
/// The worker is for programs of one worker, which have no second thread: with one, each system
/// call counts its reference to the file, 1.5 % of what an echo server does in the kernel
/// (docs/decisions/013-system-calls.md). Where others listen as well, the thread takes over.
///
/// A handler may be on its way, on any thread, while the pipe is closed or the worker leaves. So it
/// counts itself in before it asks whom to ring for, and who takes that away then waits for the
/// count: one of the two sees the other, and no byte goes to a number that was used again. All
/// seq_cst.
///
/// A worker may be a long time computing, so a handler that finds a signal which nobody has heard
/// for a quarter of a second lets the next one do what it did before, if that ends the process:
/// whoever sends it insists. Before that, two are what supervisors send who signal the process and
/// its group.
///
/// A child of fork() has the handlers until it calls exec(), and the same pipe. There the handler
/// puts back what was before, and raises the signal again.
///
/// kqueue's EVFILT_SIGNAL and Linux's signalfd would not do without the handler: the signal must
/// not do what it did, and one that is ignored or blocked instead stays so in a child after exec().
namespace weft::detail::signal_source {

namespace {

std::atomic<int> bell{-1};                  // the end that handlers write to
std::atomic<driver*> worker_bell{nullptr};  // whom they wake if there is no pipe
std::atomic<unsigned> handlers{0};          // that are on their way, in this process
std::array<std::atomic<bool>, limit> marked{};
std::array<struct sigaction, limit> before{};
std::atomic<std::int64_t> unheard_since{0};  // by the worker; 0: it has heard all

int pipe_out = -1;
std::atomic<bool> stopping{false};
pthread_t thread;
std::atomic<hearer> hear_it{nullptr};
std::atomic<pid_t> home{0};  // read by a handler that comes late, while listening begins again

void hear_marked() noexcept {
  unheard_since.store(0);
  for (int signal = 1; signal < limit; ++signal) {
    if (marked[static_cast<std::size_t>(signal)].exchange(false)) {
      hear_it.load()(signal);
    }
  }
}

void ring() noexcept {
  if (const int fd = bell.load(); fd >= 0) {
    const char byte = 0;
    [[maybe_unused]] const auto written = ::write(fd, &byte, 1);
  } else if (driver* const worker = worker_bell.load()) {
    errand_left.store(&hear_marked);
    worker->wake();
  }
}

/// No handler rings any more for whom it found before it was taken away.
void await_handlers() noexcept {
  while (handlers.load() != 0) {
    ::sched_yield();
  }
}

/// In the handler: whether the worker has not heard of an earlier signal for so long that this one
/// shall end the process.
bool is_insisting(std::size_t signal) noexcept {
  constexpr std::int64_t patience_ns = 250'000'000;
  if (bell.load() >= 0 || before[signal].sa_handler != SIG_DFL) {
    return false;
  }
  const std::int64_t now = clock::now().time_since_epoch().count();
  std::int64_t since = 0;
  return !unheard_since.compare_exchange_strong(since, now) && now - since >= patience_ns;
}

void let_through(int signal) noexcept {
  ::sigaction(signal, &before[static_cast<std::size_t>(signal)], nullptr);
  ::raise(signal);
}

/// False: it is to do what it did before.
bool take_down(int signal) noexcept {
  const auto at = static_cast<std::size_t>(signal);
  handlers.fetch_add(1);
  const bool insists = is_insisting(at);
  if (!insists) {
    marked[at].store(true);
    ring();
  }
  handlers.fetch_sub(1);
  return !insists;
}

extern "C" void weft_on_signal(int signal) {
  const int saved = errno;
  if (::getpid() != home.load() || !take_down(signal)) {
    let_through(signal);
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
    hear_marked();
  }
  return nullptr;
}

void begin(hearer hear) noexcept {
  for (auto& mark : marked) {
    mark.store(false);
  }
  unheard_since.store(0);
  hear_it.store(hear);
  home.store(::getpid());
}

void close_pipe() noexcept {
  const int fd = bell.exchange(-1);
  await_handlers();
  sys::close(fd);
  sys::close(pipe_out);
}

void leave_worker() noexcept {
  worker_bell.store(nullptr);
  await_handlers();
  errand_left.store(nullptr);
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
  const bool takes_over = worker_bell.load();
  if (!takes_over) {
    begin(hear);
  }
  pipe_out = ends[0];
  stopping.store(false);
  bell.store(ends[1]);
  if (const int failed = sys::start_small_thread(thread, &listen, nullptr)) {
    close_pipe();
    ring();  // for what went into the pipe, if a worker hears
    return {failed, std::system_category()};
  }
  if (takes_over) {
    leave_worker();
    ring();  // for what was left to the worker
  }
  return {};
}

bool start_on_worker(hearer hear) noexcept {
  io::backend* const mine = io::backend::current();
  if (!mine || runtime::current()->workers() != 1) {
    return false;
  }
  begin(hear);
  worker_bell.store(mine);
  ring();  // for a handler of an earlier time that was late
  return true;
}

void stop() noexcept {
  if (worker_bell.load()) {
    leave_worker();
    return;
  }
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
