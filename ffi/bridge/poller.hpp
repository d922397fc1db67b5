#pragma once

#include <cstdint>
#include <memory>

#include <weft/runtime/driver.hpp>
#include <weft/runtime/result.hpp>

namespace weft::dart {

class socket_slot;

/// What a worker of the bridge's runtime sleeps in: it waits for the sockets themselves and serves
/// them on the spot, without a fiber. Whoever asks for a read that must wait, any thread, registers
/// the socket here, edge-triggered, once; after that a request that waits costs no system call, and
/// no memory but its own few bytes.
class poller : public driver {
 public:
  static result<std::unique_ptr<poller>> make() noexcept;
  ~poller() override;

  void poll(time_point until) noexcept override;
  void wake() noexcept override;

  /// An owner may be dead without anyone having noticed: nobody waited for what has happened, or
  /// new connections were handed out. Has the owners asked after a second, and less and less often
  /// if nothing more happens. On this poller's own thread.
  void suspect() noexcept;

  // The socket's lock is held. False: the system lacks the memory.
  [[nodiscard]] bool watch(int fd, socket_slot& whose) noexcept;
  /// Watches again what unwatch() left; also has events that are there already reported once more.
  [[nodiscard]] bool watch_again(int fd, socket_slot& whose) noexcept;
  void unwatch(int fd, socket_slot& whose) noexcept;

 private:
  poller(int epoll, int waker) noexcept : epoll_(epoll), waker_(waker) {}
  void ask_owners(time_point now) noexcept;
  bool control(int what, int fd, std::uint32_t events, socket_slot* whose) noexcept;

  const int epoll_;
  const int waker_;  // an eventfd
  time_point ask_owners_at_ = time_point::max();
  duration ask_again_after_{};
};

}  // namespace weft::dart
