#include <algorithm>
#include <array>
#include <cstddef>
#include <memory_resource>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include <weft/ffi/weft.h>
#include <weft/sync/select.hpp>

#include "channel_objects.hpp"
#include "errors.hpp"
#include "fiber_object.hpp"
#include "limits.hpp"

/// select() over arms that are told by numbers.
using namespace weft::c;

namespace {

using receiving = decltype(std::declval<weft::channel<void*>&>().receiving());
using sending = decltype(std::declval<weft::channel<void*>&>().sending(std::declval<void*&&>()));
using happening = decltype(std::declval<weft::event&>().waiting());

/// Which of the caller's arms has won, and with what.
struct won {
  weft_select_arm* arm = nullptr;
  int result = WEFT_OK;
};

/// An arm of whichever kind, for one of the caller's.
class any_arm {
 public:
  static constexpr bool served_by_fibers = true;

  any_arm(weft_select_arm& of, pinned<channel_object> channel) noexcept
      : of_(&of), operation_(make(of, channel->pointers)), keeps_(channel.release()) {}
  /// `result` is what it means that the event has happened.
  template <class Object>
  any_arm(weft_select_arm& of, weft::event& event, int result, pinned<Object> owner) noexcept
      : of_(&of), operation_(event.waiting()), result_(result), keeps_(owner.release()) {}

  bool try_now() noexcept {
    return std::visit([](auto& arm) { return arm.try_now(); }, operation_);
  }
  weft::arm_step enlist(weft::arm_ticket ticket) noexcept {
    return std::visit([&](auto& arm) { return arm.enlist(ticket); }, operation_);
  }
  bool withdraw() noexcept {
    return std::visit([](auto& arm) { return arm.withdraw(); }, operation_);
  }
  won outcome() noexcept {
    if (auto* receive = std::get_if<receiving>(&operation_)) {
      const weft::result<void*> got = receive->outcome();
      of_->value = got.value_or(of_->value);
      return {of_, got ? WEFT_OK : code_of(got.error())};
    }
    if (auto* send = std::get_if<sending>(&operation_)) {
      const weft::result<void> sent = send->outcome();
      return {of_, sent ? WEFT_OK : code_of(sent.error())};
    }
    return {of_, result_};
  }

 private:
  using operation = std::variant<receiving, sending, happening>;

  static operation make(weft_select_arm& of, weft::channel<void*>& channel) noexcept {
    if (of.operation == WEFT_SELECT_SEND) {
      // The overload that cannot throw. NOLINTNEXTLINE(performance-move-const-arg)
      return operation(std::in_place_type<sending>, channel.sending(std::move(of.value)));
    }
    return operation(std::in_place_type<receiving>, channel.receiving());
  }

  weft_select_arm* of_;
  operation operation_;
  int result_ = WEFT_OK;
  pinned<object> keeps_;
};

/// The arms of one call.
class selection {
 public:
  explicit selection(std::size_t count) { cases_.reserve(2 * count); }

  /// Lists the arm, or says what is wrong with it.
  int add(weft_select_arm& arm);
  weft::result<won> wait(const limits& how);

 private:
  int add_channel(weft_select_arm& arm);
  int add_waiting(weft_select_arm& arm);
  int add_time(weft_select_arm& arm);

  // Six arms, which may be of events, need no allocation.
  std::array<std::byte, 2048> few_;
  std::pmr::monotonic_buffer_resource memory_{few_.data(), few_.size()};
  std::pmr::vector<decltype(weft::on(std::declval<any_arm>()))> cases_{&memory_};
  weft::time_point earliest_ = weft::forever;
  weft_select_arm* timer_ = nullptr;     // that of `earliest_`
  weft_select_arm* fallback_ = nullptr;  // that of WEFT_SELECT_DEFAULT
};

int selection::add(weft_select_arm& arm) {
  switch (arm.operation) {
    case WEFT_SELECT_RECEIVE:
    case WEFT_SELECT_SEND:
      return add_channel(arm);
    case WEFT_SELECT_WAIT:
      return add_waiting(arm);
    case WEFT_SELECT_TIME:
      return add_time(arm);
    case WEFT_SELECT_DEFAULT:
      if (fallback_) {
        return misused(WEFT_E_INVALID_ARGUMENT, "two arms are the default");
      }
      fallback_ = &arm;
      return WEFT_OK;
    default:
      return misused(WEFT_E_INVALID_ARGUMENT, "no such operation of an arm");
  }
}

int selection::add_channel(weft_select_arm& arm) {
  pinned<channel_object> channel;
  if (const int error = find(arm.what, channel)) {
    return misused(error, "an arm's channel");
  }
  cases_.push_back(weft::on(any_arm(arm, std::move(channel))));
  return WEFT_OK;
}

int selection::add_waiting(weft_select_arm& arm) {
  pinned<fiber_object> fiber;
  const int error = find(arm.what, fiber);
  if (error == WEFT_OK) {
    if (fiber->is_calling()) {
      return misused(WEFT_E_WOULD_DEADLOCK);
    }
    weft::event& done = fiber->done;
    cases_.push_back(weft::on(any_arm(arm, done, WEFT_OK, std::move(fiber))));
    return WEFT_OK;
  }
  pinned<event_object> event;
  pinned<event_object> again;
  if (find(arm.what, event) != WEFT_OK || find(arm.what, again) != WEFT_OK) {
    return misused(error, "an arm's event or fiber");
  }
  weft::event& state = event->state;
  weft::event& closed = event->closed;
  cases_.push_back(weft::on(any_arm(arm, state, WEFT_OK, std::move(event))));
  cases_.push_back(weft::on(any_arm(arm, closed, WEFT_E_CLOSED, std::move(again))));
  return WEFT_OK;
}

int selection::add_time(weft_select_arm& arm) {
  if (arm.time < 0) {
    return misused(WEFT_E_INVALID_ARGUMENT, "an arm's time is negative");
  }
  const weft::time_point end = weft::deadline_after(weft::duration(arm.time));
  if (!timer_ || end < earliest_) {
    earliest_ = end;
    timer_ = &arm;
  }
  return WEFT_OK;
}

weft::result<won> selection::wait(const limits& how) {
  const weft::time_point until = fallback_ ? weft::time_point::min() : how.until;
  auto first = under_token(how, [&] { return weft::select(cases_, std::min(until, earliest_)); });
  if (first || first.error() != weft::errc::timed_out) {
    return first;
  }
  if (fallback_) {
    return won{fallback_};
  }
  return timer_ && earliest_ <= until ? weft::result<won>(won{timer_}) : first;
}

}  // namespace

extern "C" {

std::int64_t weft_select(weft_select_arm* arms, std::size_t count, std::int64_t timeout,
                         weft_handle cancel) noexcept {
  return guarded([&]() -> std::int64_t {
    if (!arms || count == 0 || count > 1024) {
      return misused(WEFT_E_INVALID_ARGUMENT, "arms is null, or their number not 1 to 1,024");
    }
    limits how;
    if (const int error = read_limits(timeout, cancel, how)) {
      return error;
    }
    selection all(count);
    for (std::size_t i = 0; i < count; ++i) {
      if (const int error = all.add(arms[i])) {
        return error;
      }
    }
    const auto first = all.wait(how);
    if (!first) {
      return how.failed(first.error());
    }
    first->arm->result = first->result;
    return first->arm - arms;
  });
}
}
