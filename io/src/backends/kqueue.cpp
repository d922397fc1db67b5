#include "kqueue.hpp"

#include <array>
#include <cerrno>
#include <mutex>
#include <span>

#include <sys/event.h>
#include <sys/types.h>

#include <weft/io/detail/syscalls.hpp>

#include "../syscalls_kqueue.hpp"
#include "readiness.hpp"

/// A descriptor is registered once, with EV_CLEAR, which reports each change as epoll does
/// edge-triggered. The two directions are filters of their own; where the system has a third for
/// urgent data, that one tells when a receive may stop short of what there is.
///
/// Any thread may wait on a queue, and each event is reported to one of them. Closing a descriptor
/// takes it off all queues.
///
/// No use is made of EVFILT_TIMER, for each worker has its timers and gives the next one's time to
/// poll(), nor of EVFILT_SIGNAL (see signal_source_posix.cpp). EVFILT_PROC is for kqueues that are
/// themselves what is waited for (see syscalls_process_bsd.cpp).
namespace weft::io {

namespace {

namespace sys = weft::detail::sys;

#if defined(EVFILT_EXCEPT) && defined(NOTE_OOB)
constexpr std::size_t filters = 3;
#else
constexpr std::size_t filters = 2;
#endif

struct kevent change(std::uintptr_t what, int filter, unsigned flags, void* data) noexcept {
  struct kevent made{};
  made.ident = what;
  made.filter = static_cast<decltype(made.filter)>(filter);
  made.flags = static_cast<decltype(made.flags)>(flags);
  made.udata = data;
  return made;
}

std::array<struct kevent, filters> changes_for(int fd, unsigned flags, void* data) noexcept {
  const auto ident = static_cast<std::uintptr_t>(fd);
  std::array made{
      change(ident, EVFILT_READ, flags, data),
      change(ident, EVFILT_WRITE, flags, data),
#if defined(EVFILT_EXCEPT) && defined(NOTE_OOB)
      change(ident, EVFILT_EXCEPT, flags, data),
#endif
  };
#if defined(EVFILT_EXCEPT) && defined(NOTE_OOB)
  made[2].fflags = NOTE_OOB;
#endif
  return made;
}

// Unsigned on NetBSD.
constexpr int read_filter = EVFILT_READ;
constexpr int write_filter = EVFILT_WRITE;

/// How the owner is woken: an event of the user's own, or a pipe where the system has no such.
#if defined(EVFILT_USER)
class alarm {
 public:
  int open(int queue) noexcept {
    std::array made{change(0, EVFILT_USER, EV_ADD | EV_CLEAR, nullptr)};
    const int error = sys::kqueue_change(queue, made);
    return error < 0 ? error : -static_cast<int>(made[0].data);
  }
  void close() noexcept {}
  void ring(int queue) noexcept {
    struct kevent trigger = change(0, EVFILT_USER, 0, nullptr);
    trigger.fflags = NOTE_TRIGGER;
    sys::kqueue_trigger(queue, trigger);
  }
  void silence() noexcept {}
};
#else
class alarm {
 public:
  int open(int queue) noexcept {
    if (const int error = sys::wake_pipe(ends_); error < 0) {
      return error;
    }
    std::array made{
        change(static_cast<std::uintptr_t>(ends_[0]), EVFILT_READ, EV_ADD | EV_CLEAR, nullptr)};
    const int error = sys::kqueue_change(queue, made);
    return error < 0 ? error : -static_cast<int>(made[0].data);
  }
  void close() noexcept {
    for (const int end : ends_) {
      if (end >= 0) {
        sys::close(end);
      }
    }
  }
  void ring(int) noexcept { sys::signal_pipe(ends_[1]); }
  void silence() noexcept { sys::drain_pipe(ends_[0]); }

 private:
  int ends_[2] = {-1, -1};
};
#endif

class kqueue_backend final : public readiness_backend {
 public:
  kqueue_backend(int queue, const alarm& wake) noexcept : queue_(queue), wake_(wake) {}
  ~kqueue_backend() override {
    retire();
    wake_.close();
    sys::close(queue_);
  }

  backend_kind kind() const noexcept override { return backend_kind::kqueue; }

  void poll(time_point until) noexcept override { wait(until); }

  void wake() noexcept override { wake_.ring(queue_); }

  // A wake-up is meant for the owner, who may be on its way to sleep.
  void assist() noexcept override {
    if (wait(time_point::min())) {
      wake();
    }
  }

 protected:
  int watch(detail::descriptor_state& state) noexcept override {
    auto changes = changes_for(state.fd, EV_ADD | EV_CLEAR, &state);
    if (const int error = sys::kqueue_change(queue_, changes); error < 0) {
      return error;
    }
    // A pipe's end has but one direction; the other one matters if somebody waits for it.
    std::lock_guard hold(state.lock);
    for (const direction d : {direction::in, direction::out}) {
      const auto& outcome = changes[static_cast<std::size_t>(d)];
      if (outcome.data != 0 && !state.side(d).waiting.is_empty()) {
        return -static_cast<int>(outcome.data);
      }
    }
    return 0;
  }

 private:
  void unwatch(detail::descriptor_state& state) noexcept override {
    auto changes = changes_for(state.fd, EV_DELETE, nullptr);
    (void)sys::kqueue_change(queue_, changes);  // those that were never added are not found
  }

  /// Returns whether wake() was called.
  bool wait(time_point until) noexcept {
    std::array<struct kevent, batch> reported;
    const int count = sys::kqueue_wait(queue_, reported, until);
    bool woken = false;
    event_batch all;
    for (int i = 0; i < count; ++i) {
      const struct kevent& e = reported[static_cast<std::size_t>(i)];
      auto* const state = reinterpret_cast<detail::descriptor_state*>(e.udata);
      if (!state) {
        wake_.silence();
        woken = true;
        continue;
      }
      const int filter = static_cast<int>(e.filter);
      const bool is_out = filter == write_filter;
      const bool is_urgent = !is_out && filter != read_filter;
      all.add({.state = state,
               .in = !is_out,
               .out = is_out,
               .cut_short = is_urgent || (e.flags & (EV_EOF | EV_ERROR)) != 0});
    }
    return woken;
  }

  const int queue_;
  alarm wake_;
};

}  // namespace

result<std::unique_ptr<backend>> make_kqueue_backend() {
  const int queue = sys::kqueue_create();
  if (queue < 0) {
    return fail(std::error_code(-queue, std::system_category()));
  }
  alarm wake;
  if (const int error = wake.open(queue); error < 0) {
    wake.close();
    sys::close(queue);
    return fail(std::error_code(-error, std::system_category()));
  }
  return std::make_unique<kqueue_backend>(queue, wake);
}

}  // namespace weft::io
