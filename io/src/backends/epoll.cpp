#include "epoll.hpp"

#include <array>
#include <cerrno>

#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <weft/io/detail/syscalls.hpp>

#include "../syscalls_linux.hpp"
#include "readiness.hpp"

namespace weft::io {

namespace {

namespace sys = weft::detail::sys;

class epoll_backend final : public readiness_backend {
 public:
  epoll_backend(int epoll, int wake) noexcept : epoll_(epoll), wake_(wake) {}
  ~epoll_backend() override {
    retire();
    sys::close(wake_);
    sys::close(epoll_);
  }

  backend_kind kind() const noexcept override { return backend_kind::epoll; }

  void poll(time_point until) noexcept override { wait(until); }

  // The eventfd is registered edge-triggered: each write is an event, so nobody has to read it.
  void wake() noexcept override { sys::signal_event(wake_); }

  // Any thread may wait on an epoll instance, and each event is reported to one of them. A wake-up
  // is meant for the owner, who may be on its way to sleep.
  void assist() noexcept override {
    if (wait(time_point::min())) {
      wake();
    }
  }

 protected:
  int watch(detail::descriptor_state& state) noexcept override {
    constexpr std::uint32_t all = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLPRI | EPOLLET;
    const int error = sys::epoll_add(epoll_, state.fd, all, &state);
    // It has been here before, and moved on and back faster than it was unregistered.
    return error == -EEXIST ? sys::epoll_rearm(epoll_, state.fd, all, &state) : error;
  }

 private:
  void unwatch(detail::descriptor_state& state) noexcept override {
    sys::epoll_remove(epoll_, state.fd);
  }

  /// Returns whether wake() was called.
  bool wait(time_point until) noexcept {
    std::array<epoll_event, batch> reported;
    const int count =
        sys::epoll_wait(epoll_, reported.data(), static_cast<int>(reported.size()), until);
    bool woken = false;
    event_batch all;
    for (int i = 0; i < count; ++i) {
      const epoll_event& e = reported[static_cast<std::size_t>(i)];
      if (!e.data.ptr) {
        woken = true;
        continue;
      }
      const bool hung_up = e.events & (EPOLLHUP | EPOLLERR | EPOLLRDHUP);
      all.add({.state = static_cast<detail::descriptor_state*>(e.data.ptr),
               .in = (e.events & (EPOLLIN | EPOLLPRI)) || hung_up,
               .out = (e.events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0,
               .cut_short = hung_up || (e.events & EPOLLPRI)});
    }
    return woken;
  }

  const int epoll_;
  const int wake_;
};

}  // namespace

result<std::unique_ptr<backend>> make_epoll_backend() {
  const int epoll = sys::epoll_create();
  if (epoll < 0) {
    return fail(std::error_code(-epoll, std::system_category()));
  }
  const int wake = sys::event_fd();
  if (wake < 0) {
    sys::close(epoll);
    return fail(std::error_code(-wake, std::system_category()));
  }
  if (const int error = sys::epoll_add(epoll, wake, EPOLLIN | EPOLLET, nullptr); error < 0) {
    sys::close(wake);
    sys::close(epoll);
    return fail(std::error_code(-error, std::system_category()));
  }
  return std::make_unique<epoll_backend>(epoll, wake);
}

}  // namespace weft::io
