#include "poll.hpp"

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <memory>
#include <mutex>
#include <new>
#include <span>
#include <vector>

#include <poll.h>

#include <weft/io/detail/syscalls.hpp>

#include "readiness.hpp"

/// poll() keeps nothing between calls, so the backend keeps what to ask for: the descriptors on
/// which an operation has come to wait, by number. What each waits for is read off its queues when
/// a call is prepared, and one on which nothing waits any more leaves the list then.
///
/// `mutex_` guards the list, and is taken before a descriptor's lock. Others than the owner add to
/// the list (a fiber on another worker waits for a descriptor that is registered here) and take off
/// it. If the owner is in poll() meanwhile, it is woken: to ask for what was added, and to let go
/// of what was taken off, which the system keeps open for the call's sake: a peer would not learn
/// that it was closed.
namespace weft::io {

namespace {

namespace sys = weft::detail::sys;

class poll_backend final : public readiness_backend {
 public:
  poll_backend(int wake_out, int wake_in) noexcept : wake_out_(wake_out), wake_in_(wake_in) {}
  ~poll_backend() override {
    retire();
    sys::close(wake_in_);
    sys::close(wake_out_);
  }

  backend_kind kind() const noexcept override { return backend_kind::poll; }

  void poll(time_point until) noexcept override {
    {
      std::lock_guard hold(mutex_);
      if (listed_.empty() && until == time_point::min()) {
        return;
      }
      asked_.prepare(*this, wake_out_);
      waiting_ = until != time_point::min();
    }
    sys::poll(asked_.entries, until);
    waiting_ = false;
    if (asked_.entries.front().revents != 0) {
      sys::drain_pipe(wake_out_);
    }
    asked_.report();
  }

  // A full pipe wakes, too.
  void wake() noexcept override { sys::signal_pipe(wake_in_); }

  void assist() noexcept override {
    const std::unique_lock only_one(assisting_, std::try_to_lock);
    if (!only_one) {
      return;
    }
    {
      std::lock_guard hold(mutex_);
      if (waiting_ || listed_.empty() || !asked_by_assistant_.has_room(listed_.size())) {
        return;
      }
      asked_by_assistant_.prepare(*this, -1);  // a wake-up is meant for the owner
    }
    sys::poll(asked_by_assistant_.entries, time_point::min());
    asked_by_assistant_.report();
  }

 protected:
  int watch(detail::descriptor_state& state) noexcept override {
    try {
      std::lock_guard hold(mutex_);
      make_room(state);
      list(state);
      return 0;
    } catch (const std::bad_alloc&) {
      return -ENOMEM;
    }
  }

 private:
  void arm(detail::descriptor_state& state) noexcept override {
    std::lock_guard hold(mutex_);
    list(state);
  }

  void unwatch(detail::descriptor_state& state) noexcept override {
    std::lock_guard hold(mutex_);
    int fd = -1;
    {
      std::lock_guard hold_state(state.lock);
      fd = state.fd;
    }
    if (const auto number = static_cast<std::size_t>(fd);
        fd >= 0 && number < slots_.size() && slots_[number].state == &state) {
      slots_[number].state = nullptr;
      wake_if_waiting();
    }
  }

  void forget(detail::descriptor_state& state) noexcept override { unwatch(state); }

  /// The rest is called under `mutex_`.
  void make_room(detail::descriptor_state& state) {
    int fd = -1;
    {
      std::lock_guard hold(state.lock);
      fd = state.fd;
    }
    if (const auto number = static_cast<std::size_t>(fd); fd >= 0 && number >= slots_.size()) {
      const std::size_t room = 2 * number + 16;
      asked_.make_room(room);  // the owner does not ask just now: it is the caller
      listed_.reserve(room);
      slots_.resize(room);
    }
  }

  void list(detail::descriptor_state& state) noexcept {
    int fd = -1;
    {
      std::lock_guard hold(state.lock);
      // It may have moved on or begun to close since the caller looked.
      if (is_registered_here(state) && !state.closing) {
        fd = state.fd;
      }
    }
    const auto number = static_cast<std::size_t>(fd);
    if (fd < 0 || number >= slots_.size()) {
      return;
    }
    slot& s = slots_[number];
    s.state = &state;
    if (!s.is_listed) {
      s.is_listed = true;
      listed_.push_back(fd);
    }
    wake_if_waiting();
  }

  void wake_if_waiting() noexcept {
    if (waiting_) {
      wake();
    }
  }

  /// What is waited for on a descriptor; 0: nothing, or it is no longer registered here.
  short interest(detail::descriptor_state* state) noexcept {
    if (!state) {
      return 0;
    }
    std::lock_guard hold(state->lock);
    if (!is_registered_here(*state)) {
      return 0;
    }
    short events = 0;
    if (!state->side(direction::in).waiting.is_empty()) {
      events |= POLLIN | POLLPRI;
    }
    if (!state->side(direction::out).waiting.is_empty()) {
      events |= POLLOUT;
    }
    return events;
  }

  /// The arguments of one call: the wake-up first, then the descriptors.
  struct request {
    std::vector<pollfd> entries = std::vector<pollfd>(1);
    std::vector<detail::descriptor_state*> states = {nullptr};

    /// For so many descriptors and the wake-up.
    void make_room(std::size_t descriptors) {
      entries.reserve(descriptors + 1);
      states.reserve(descriptors + 1);
    }
    bool has_room(std::size_t descriptors) noexcept {
      try {
        make_room(descriptors);
        return true;
      } catch (const std::bad_alloc&) {
        return false;
      }
    }
    /// There must be room.
    void prepare(poll_backend& from, int wake_out) noexcept;
    void report() const noexcept;
  };

  struct slot {
    detail::descriptor_state* state = nullptr;  // null: closed or moved on
    bool is_listed = false;
  };

  const int wake_out_;
  const int wake_in_;
  std::mutex mutex_;
  std::vector<slot> slots_;           // by descriptor number
  std::vector<int> listed_;           // numbers; its capacity is that of slots_
  std::atomic<bool> waiting_{false};  // in a poll() that waits; set under the mutex
  request asked_;
  std::mutex assisting_;
  request asked_by_assistant_;
};

void poll_backend::request::prepare(poll_backend& from, int wake_out) noexcept {
  entries.clear();
  states.clear();
  entries.push_back({.fd = wake_out, .events = POLLIN, .revents = 0});
  states.push_back(nullptr);
  for (std::size_t i = 0; i < from.listed_.size();) {
    const int fd = from.listed_[i];
    slot& s = from.slots_[static_cast<std::size_t>(fd)];
    if (const short events = from.interest(s.state); events != 0) {
      entries.push_back({.fd = fd, .events = events, .revents = 0});
      states.push_back(s.state);
      ++i;
    } else {
      s.is_listed = false;
      from.listed_[i] = from.listed_.back();
      from.listed_.pop_back();
    }
  }
}

void poll_backend::request::report() const noexcept {
  event_batch all;
  for (std::size_t i = 1; i < entries.size(); ++i) {
    if (const short e = entries[i].revents; e != 0) {
      const bool broken = e & (POLLHUP | POLLERR | POLLNVAL);
      all.add({.state = states[i],
               .in = (e & (POLLIN | POLLPRI)) || broken,
               .out = (e & POLLOUT) || broken,
               .cut_short = broken || (e & POLLPRI)});
    }
  }
}

}  // namespace

result<std::unique_ptr<backend>> make_poll_backend() {
  int wake[2];
  if (const int error = sys::wake_pipe(wake); error < 0) {
    return fail(sys::error_of(error));
  }
  return std::make_unique<poll_backend>(wake[0], wake[1]);
}

}  // namespace weft::io
