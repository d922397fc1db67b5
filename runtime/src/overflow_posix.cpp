#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>

#include <sys/mman.h>
#include <unistd.h>

#include "backtrace.hpp"
#include "overflow.hpp"
#include "overflow_report.hpp"
#include "sanitizer.hpp"
#include "stack_guard.hpp"

// Everything that the handler calls is async-signal-safe: no allocation, no lock, no stdio. It runs
// on the thread's signal stack, because the fiber's own has no room. Linux reports a marker guard
// as SEGV_MAPERR and a protected page as SEGV_ACCERR, macOS either as SIGBUS; the address alone
// tells that a guard was hit.
//
// The previous actions are written before the handler is installed and only then read. The handler
// stays for the life of the process: others may have chained to it meanwhile.

namespace weft::detail {

namespace {

constexpr std::size_t signal_stack_size = std::size_t{64} * 1024;
constexpr std::array handled{SIGSEGV, SIGBUS};

constinit std::array<struct sigaction, handled.size()> previous{};

struct sigaction& previous_of(int signal) noexcept {
  return previous[signal == handled[0] ? 0 : 1];
}

bool is_function(const struct sigaction& action) noexcept {
  return (action.sa_flags & SA_SIGINFO) != 0 ||
         (action.sa_handler != SIG_DFL && action.sa_handler != SIG_IGN);
}

void call_previous(int signal, siginfo_t* info, void* context) noexcept {
  const struct sigaction action = previous_of(signal);
  if ((action.sa_flags & static_cast<int>(SA_RESETHAND)) != 0) {
    previous_of(signal).sa_flags = 0;
    previous_of(signal).sa_handler = SIG_DFL;
  }
  // The mask that the kernel would have set; it restores the former one when we return.
  sigset_t mask = action.sa_mask;
  if ((action.sa_flags & SA_NODEFER) == 0) {
    sigaddset(&mask, signal);
  } else {
    sigset_t own;
    sigemptyset(&own);
    sigaddset(&own, signal);
    pthread_sigmask(SIG_UNBLOCK, &own, nullptr);
  }
  pthread_sigmask(SIG_BLOCK, &mask, nullptr);
  if ((action.sa_flags & SA_SIGINFO) != 0) {
    action.sa_sigaction(signal, info, context);
  } else {
    action.sa_handler(signal);
  }
}

void pass_on(int signal, siginfo_t* info, void* context) noexcept {
  if (is_function(previous_of(signal))) {
    call_previous(signal, info, context);
    return;
  }
  const bool sent = info->si_code <= 0;  // by kill() and its like: it will not repeat itself
  if (sent && previous_of(signal).sa_handler == SIG_IGN) {
    return;
  }
  // A fault strikes again when we return, now with the system's own action, even if it is ignored:
  // the core then shows where it happened.
  struct sigaction standard{};
  standard.sa_handler = SIG_DFL;
  sigaction(signal, &standard, nullptr);
  if (sent) {
    raise(signal);  // blocked until we return
  }
}

[[noreturn]] void report(const guard_hit& hit, int signal, siginfo_t* info,
                         void* context) noexcept {
  static constinit std::atomic<bool> reporting{false};
  while (reporting.exchange(true)) {
    pause();  // another thread's report will end the process
  }
  const report_line text = overflow_report(hit);
  // A report that cannot be written has nowhere else to go.
  [[maybe_unused]] const ssize_t written =
      ::write(STDERR_FILENO, text.text().data(), text.text().size());
  write_backtrace(STDERR_FILENO);
  if (under_address_sanitizer && is_function(previous_of(signal))) {
    call_previous(signal, info, context);
  }
  std::signal(SIGABRT, SIG_DFL);
  std::abort();
}

void handle(int signal, siginfo_t* info, void* context) noexcept {
  const int saved_errno = errno;
  guard_hit hit;
  if (info->si_code > 0 && find_guard(info->si_addr, hit)) {
    report(hit, signal, info, context);
  }
  pass_on(signal, info, context);
  errno = saved_errno;
}

bool install_handlers() noexcept {
  prepare_backtrace();
  static_cast<void>(page_size());  // asks the system only once
  struct sigaction ours{};
  ours.sa_sigaction = handle;
  ours.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigemptyset(&ours.sa_mask);
  for (const int signal : handled) {
    sigaction(signal, nullptr, &previous_of(signal));
    sigaction(signal, &ours, nullptr);
  }
  return true;
}

}  // namespace

overflow_guard::overflow_guard() noexcept {
  [[maybe_unused]] static const bool installed = install_handlers();
  std::size_t size = signal_stack_size;
#if defined(_SC_SIGSTKSZ)
  size = std::max(size, 4 * static_cast<std::size_t>(std::max(sysconf(_SC_SIGSTKSZ), 0L)));
#endif
  length_ = size + page_size();
  void* const memory =
      mmap(nullptr, length_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    return;
  }
  install_guards(guard_kind::protection, {static_cast<std::byte*>(memory), length_, 1});
  stack_t ours{};
  ours.ss_sp = static_cast<std::byte*>(memory) + page_size();
  ours.ss_size = size;
  stack_t before{};
  if (sigaltstack(&ours, &before) != 0) {
    munmap(memory, length_);
    return;
  }
  memory_ = memory;
  previous_base_ = before.ss_sp;
  previous_length_ = before.ss_size;
  previous_flags_ = before.ss_flags;
}

overflow_guard::~overflow_guard() {
  if (memory_ == nullptr) {
    return;
  }
  stack_t current{};
  sigaltstack(nullptr, &current);
  if (current.ss_sp == static_cast<std::byte*>(memory_) + page_size()) {
    stack_t before{};
    before.ss_sp = previous_base_;
    before.ss_size = previous_length_;
    before.ss_flags = previous_flags_;
    sigaltstack(&before, nullptr);
  }
  munmap(memory_, length_);
}

}  // namespace weft::detail
