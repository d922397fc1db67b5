#include "readiness.hpp"

#include <cerrno>
#include <mutex>

#include <weft/runtime/detail/parker.hpp>

#include "../execute.hpp"

namespace weft::io {

bool readiness_backend::submit(operation& op) noexcept {
  for (;;) {
    if (op.attempt) {
      op.result = detail::execute(op);
      if (op.result != -EAGAIN) {
        return true;
      }
    }
    if (!open_wait(op)) {
      return true;
    }
    switch (queue(op)) {
      case queued::yes:
        return false;
      case queued::closing:
        weft::detail::abandon_wait(op.waiter);
        op.result = -EBADF;
        return true;
      case queued::event_came:
        weft::detail::abandon_wait(op.waiter);
        break;
    }
  }
}

readiness_backend::queued readiness_backend::queue(operation& op) noexcept {
  detail::descriptor_state& state = *op.target;
  detail::poller_home* home = nullptr;
  std::uint64_t tenancy = 0;
  bool moves = false;
  {
    std::lock_guard hold(state.lock);
    if (state.closing) {
      return queued::closing;
    }
    auto& side = state.side(direction_of(op.code));
    if (side.events != op.events_seen || (side.maybe && !op.attempt)) {
      op.events_seen = side.events;
      op.attempt = true;
      return queued::event_came;
    }
    side.maybe = false;
    moves = !is_registered_here(state) && state.sides[0].waiting.is_empty() &&
            state.sides[1].waiting.is_empty();
    op.home = this;
    side.waiting.push_back(op);
    home = state.home;
    tenancy = state.tenancy;
    if (moves) {
      state.home = &home_;
      state.tenancy = tenancy_;
    }
  }
  if (moves) {
    move_here(state, home, tenancy);
  } else if (home == &home_ && tenancy == tenancy_) {
    arm(state);
  } else if (home) {
    home->arm(state, tenancy);
  }
  return queued::yes;
}

void readiness_backend::move_here(detail::descriptor_state& state, detail::poller_home* from,
                                  std::uint64_t tenancy) noexcept {
  if (from) {
    from->take_off(state, tenancy);
  }
  const int error = watch(state);
  if (error == 0) {
    return;
  }
  std::unique_lock hold(state.lock);
  if (state.home == &home_) {
    state.home = nullptr;
  }
  for (const direction d : {direction::in, direction::out}) {
    while (operation* stranded = state.take_first(d)) {
      hold.unlock();
      detail::descriptor_state::complete_taken(*stranded, error);
      hold.lock();
    }
  }
}

bool readiness_backend::withdraw(operation& op) noexcept {
  if (!op.queue) {
    return false;  // its turn has come: whoever took it off completes it
  }
  detail::operation_queue::remove(op);
  return true;
}

void readiness_backend::request_cancel(std::uint64_t) noexcept {}

void readiness_backend::on_event(detail::descriptor_state& state, event what) noexcept {
  operation* reader = nullptr;
  operation* writer = nullptr;
  {
    std::lock_guard hold(state.lock);
    state.cut_short |= what.cut_short;
    if (what.in) {
      auto& side = state.side(direction::in);
      ++side.events;
      side.maybe = true;
      reader = state.take_first(direction::in);
    }
    if (what.out) {
      auto& side = state.side(direction::out);
      ++side.events;
      side.maybe = true;
      writer = state.take_first(direction::out);
    }
  }
  if (reader) {
    detail::descriptor_state::complete_taken(*reader, -EAGAIN);
  }
  if (writer) {
    detail::descriptor_state::complete_taken(*writer, -EAGAIN);
  }
}

}  // namespace weft::io
