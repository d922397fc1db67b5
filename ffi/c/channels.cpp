#include <cstdint>

#include <weft/ffi/weft.h>
#include <weft/sync/select.hpp>

#include "channel_objects.hpp"
#include "limits.hpp"
#include "objects.hpp"

/// Channels of pointers, and events.
using namespace weft::c;

namespace weft::c {

int event_object::wait(const limits& how) {
  if (state.try_wait()) {
    return WEFT_OK;
  }
  if (how.no_wait) {
    return misused(WEFT_E_WOULD_BLOCK);
  }
  const auto waited = under_token(how, [&] {
    return select_in_order(
        on(state.waiting(), [] { return result<void>(); }),
        on(closed.waiting(), []() -> result<void> { return fail(errc::closed); }), at(how.until));
  });
  return waited ? WEFT_OK : failed(waited.error());
}

}  // namespace weft::c

namespace {

template <class Object, class F>
int on(weft_handle handle, F f) noexcept {
  return guarded([&]() -> int {
    pinned<Object> found;
    if (const int error = find(handle, found)) {
      return misused(error);
    }
    return f(*found);
  });
}

/// The same for a call that may wait.
template <class Object, class F>
int on(weft_handle handle, std::int64_t timeout, weft_handle cancel, F f) noexcept {
  return on<Object>(handle, [&](Object& found) -> int {
    limits how;
    if (const int error = read_limits(timeout, cancel, how)) {
      return error;
    }
    return f(found, how);
  });
}

}  // namespace

extern "C" {

weft_handle weft_channel_create(std::size_t capacity) noexcept {
  if (capacity > static_cast<std::size_t>(PTRDIFF_MAX) / sizeof(void*) / 2) {
    return misused(WEFT_E_INVALID_ARGUMENT, "capacity is negative or too large");
  }
  return guarded([&]() -> weft_handle { return opened<channel_object>(capacity); });
}

int weft_channel_send(weft_handle channel, void* value, std::int64_t timeout,
                      weft_handle cancel) noexcept {
  return on<channel_object>(channel, timeout, cancel, [&](channel_object& c, const limits& how) {
    const auto sent = under_token(how, [&] {
      // The overload that cannot throw. NOLINTNEXTLINE(performance-move-const-arg)
      return c.pointers.send_until(std::move(value), how.until);
    });
    return sent ? WEFT_OK : how.failed(sent.error());
  });
}

int weft_channel_receive(weft_handle channel, void** value, std::int64_t timeout,
                         weft_handle cancel) noexcept {
  if (!value) {
    return misused(WEFT_E_INVALID_ARGUMENT, "value is null");
  }
  return on<channel_object>(channel, timeout, cancel, [&](channel_object& c, const limits& how) {
    const auto got = under_token(how, [&] { return c.pointers.receive_until(how.until); });
    if (!got) {
      return how.failed(got.error());
    }
    *value = *got;
    return int{WEFT_OK};
  });
}

int weft_channel_close(weft_handle channel) noexcept {
  return on<channel_object>(channel, [](channel_object& c) {
    c.pointers.close();
    return int{WEFT_OK};
  });
}

std::int64_t weft_channel_size(weft_handle channel) noexcept {
  pinned<channel_object> found;
  if (const int error = find(channel, found)) {
    return misused(error);
  }
  return static_cast<std::int64_t>(found->pointers.size());
}

weft_handle weft_event_create(int automatic) noexcept {
  return guarded([&]() -> weft_handle {
    return opened<event_object>(automatic != 0 ? weft::event_reset::automatic
                                               : weft::event_reset::manual);
  });
}

int weft_event_set(weft_handle event) noexcept {
  return on<event_object>(event, [](event_object& e) {
    e.state.set();
    return int{WEFT_OK};
  });
}

int weft_event_reset(weft_handle event) noexcept {
  return on<event_object>(event, [](event_object& e) {
    e.state.reset();
    return int{WEFT_OK};
  });
}

int weft_event_wait(weft_handle event, std::int64_t timeout, weft_handle cancel) noexcept {
  return on<event_object>(event, timeout, cancel,
                          [](event_object& e, const limits& how) { return e.wait(how); });
}
}
