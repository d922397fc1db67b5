#pragma once

#include <cstddef>

#include <weft/ffi/weft.h>
#include <weft/sync/channel.hpp>
#include <weft/sync/event.hpp>

#include "handle_table.hpp"
#include "limits.hpp"

namespace weft::c {

class channel_object final : public object {
 public:
  static constexpr int own_kind = WEFT_KIND_CHANNEL;
  explicit channel_object(std::size_t capacity) : object(own_kind), pointers(capacity) {}
  void on_close() noexcept override { pointers.close(); }

  channel<void*> pointers;
};

class event_object final : public object {
 public:
  static constexpr int own_kind = WEFT_KIND_EVENT;
  explicit event_object(event_reset reset) noexcept : object(own_kind), state(reset) {}
  void on_close() noexcept override { closed.set(); }

  int wait(const limits& how);

  event state;
  event closed;  // the handle was
};

}  // namespace weft::c
