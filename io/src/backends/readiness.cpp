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
  backend* old_home = nullptr;
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
    moves = state.home != this && !state.sides[0].first && !state.sides[1].first;
    op.home = this;
    state.link(op);
    if (moves) {
      old_home = std::exchange(state.home, this);
    }
  }
  if (moves) {
    if (old_home) {
      static_cast<readiness_backend*>(old_home)->unwatch(state);
    }
    if (const int error = watch(state); error < 0) {
      std::unique_lock hold(state.lock);
      state.home = nullptr;
      while (operation* stranded = state.sides[0].first ? state.take_first(direction::in)
                                                        : state.take_first(direction::out)) {
        hold.unlock();
        detail::complete(*stranded, error);
        hold.lock();
      }
    }
  }
  return queued::yes;
}

bool readiness_backend::withdraw(operation& op) noexcept {
  if (!op.linked) {
    return false;  // its turn has come: whoever took it off completes it
  }
  op.target->unlink(op);
  return true;
}

void readiness_backend::request_cancel(std::uint64_t) noexcept {}

void readiness_backend::forget(detail::descriptor_state& state) noexcept { unwatch(state); }

void readiness_backend::on_event(detail::descriptor_state& state, event what) noexcept {
  operation* reader = nullptr;
  operation* writer = nullptr;
  {
    std::lock_guard hold(state.lock);
    state.hung_up |= what.hung_up;
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
    detail::complete(*reader, -EAGAIN);
  }
  if (writer) {
    detail::complete(*writer, -EAGAIN);
  }
}

}  // namespace weft::io
