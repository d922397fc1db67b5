#pragma once

#include <weft/runtime/config.hpp>
#include <weft/runtime/detail/parker.hpp>

namespace weft::detail {

/// Waits in someone's place: where a fiber or thread would run again, it calls a function. So one
/// fiber can have many waits open at a time, each to be ended, and served, by itself.
///
/// Nothing but a waker ends such a wait. As with any parker, a stale token may be claimed at any
/// time: a proxy must never be freed, only used again, and its wait must have been claimed before.
class WEFT_API proxy_parker : public parker {
 public:
  /// Called once for each wait that was claimed and is resumed, on whatever thread does that,
  /// possibly a worker's native context: it must not suspend. It may open the next wait.
  using action = void (*)(proxy_parker& self) noexcept;

  explicit proxy_parker(action on_wake) noexcept : parker(kind::proxy), on_wake_(on_wake) {}

  /// Opens a wait. The one before must have ended.
  wait_token open() noexcept;

  void wake() noexcept { on_wake_(*this); }

 private:
  const action on_wake_;
};

}  // namespace weft::detail
