#include "readiness.hpp"

#include <cerrno>
#include <mutex>
#include <span>
#include <utility>

#include <weft/runtime/detail/parker.hpp>

#include "../execute.hpp"
#include "../warm_up.hpp"

namespace weft::io {

bool readiness_backend::submit(operation& op) noexcept {
  for (;;) {
    if (op.attempt) {
      op.result = detail::execute_in_line(op);
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

void readiness_backend::event_batch::tell() noexcept {
  const std::span told = std::span(all_).first(std::exchange(count_, 0));
  for (const event& e : told) {
    detail::warm_up_state(e.state);
  }
  for (const event& e : told) {
    const auto& likely = e.state->side(e.in ? direction::in : direction::out);
    if (const void* const waiting = likely.waiting.front_guess()) {
      detail::warm_up_stack(waiting);
    }
  }
  std::array<operation*, 2 * batch> turns;
  std::size_t count = 0;
  for (const event& e : told) {
    detail::descriptor_state& state = *e.state;
    std::lock_guard hold(state.lock);
    state.cut_short |= e.cut_short;
    for (const direction d : {direction::in, direction::out}) {
      if (d == direction::in ? e.in : e.out) {
        auto& side = state.side(d);
        ++side.events;
        side.maybe = true;
        if (operation* const first = state.take_first(d)) {
          detail::warm_up_waiter(*first);
          turns[count++] = first;
        }
      }
    }
  }
  for (operation* const op : std::span(turns).first(count)) {
    detail::descriptor_state::complete_taken(*op, -EAGAIN);
  }
}

}  // namespace weft::io
