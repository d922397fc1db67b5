#include <array>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <optional>

#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <weft/io/descriptor.hpp>
#include <weft/io/run.hpp>
#include <weft/runtime/spawn.hpp>

namespace weft::detail {

namespace {

constexpr std::array watched{SIGINT, SIGTERM};

/// Where the handler writes; -1: no one watches.
std::atomic<int> alarm_fd{-1};
std::array<struct sigaction, watched.size()> previous;

void restore_handlers() noexcept {
  for (std::size_t i = 0; i < watched.size(); ++i) {
    ::sigaction(watched[i], &previous[i], nullptr);
  }
}

extern "C" void weft_on_interrupt(int) {
  const int saved = errno;
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(alarm_fd.load(), &one, sizeof one);
  errno = saved;
}

}  // namespace

struct interrupt_watch::state {
  cancel_scope& scope;
  io::descriptor alarm;
  std::atomic<bool> interrupted{false};
  join_handle<void> watcher;

  void wait() {
    std::uint64_t count = 0;
    io::operation op{.code = io::opcode::read, .data = &count, .size = sizeof count};
    if (alarm.perform(op)) {
      interrupted.store(true, std::memory_order_relaxed);
      restore_handlers();  // the next one ends the process
      scope.cancel("interrupted by a signal");
    }
  }
};

interrupt_watch::interrupt_watch(cancel_scope& scope) : state_(nullptr) {
  const int fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  int nobody = -1;
  if (fd < 0 || !alarm_fd.compare_exchange_strong(nobody, fd)) {
    if (fd >= 0) {
      ::close(fd);
    }
    return;
  }
  state_ = new state{.scope = scope, .alarm = io::descriptor::adopt_nonblocking(fd), .watcher = {}};
  struct sigaction action{};
  action.sa_handler = &weft_on_interrupt;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  for (std::size_t i = 0; i < watched.size(); ++i) {
    ::sigaction(watched[i], &action, &previous[i]);
  }
  state_->watcher = spawn({.name = "interrupt watch"}, [s = state_] { s->wait(); });
}

interrupt_watch::~interrupt_watch() {
  if (!state_) {
    return;
  }
  state_->watcher.cancel();
  state_->watcher = {};
  if (!state_->interrupted.load(std::memory_order_relaxed)) {
    restore_handlers();
  }
  alarm_fd.store(-1);
  delete state_;
}

bool interrupt_watch::is_interrupted() const noexcept {
  return state_ && state_->interrupted.load(std::memory_order_relaxed);
}

}  // namespace weft::detail
