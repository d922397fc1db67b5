#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <utility>

#include <weft/ffi/weft.h>
#include <weft/runtime/cancel.hpp>
#include <weft/runtime/clock.hpp>

#include "handle_table.hpp"

/// What may end a wait beside what it waits for: a time, a token, the closing of a handle.
namespace weft::c {

/// Ends the wait of one call.
class waker {
 public:
  /// Any thread; must not suspend.
  virtual void fire() noexcept = 0;

 protected:
  ~waker() = default;
};

/// Those to be woken when something has ended, once and for all.
class waker_list {
 public:
  /// Wakes all that are inside, and at once whoever comes later.
  void fire_all() noexcept;
  bool is_fired() const noexcept { return fired_.load(std::memory_order_acquire); }

  /// From construction to destruction the waker may be fired.
  class entry {
   public:
    entry(waker_list& list, waker& who) noexcept;
    entry(const entry&) = delete;
    entry& operator=(const entry&) = delete;
    ~entry();

   private:
    friend class waker_list;
    waker_list& list_;
    waker& who_;
    entry* next_ = nullptr;
    entry* previous_ = nullptr;
  };

 private:
  std::mutex mutex_;
  entry* first_ = nullptr;
  std::atomic<bool> fired_{false};  // release in fire_all() pairs with the acquire in is_fired()
};

class token final : public object {
 public:
  static constexpr int own_kind = WEFT_KIND_TOKEN;
  explicit token(time_point end) noexcept : object(own_kind), deadline(end) {}

  /// WEFT_OK, WEFT_E_CANCELED or WEFT_E_TIMED_OUT.
  int state() const noexcept;

  const time_point deadline;
  waker_list waiting;
};

/// The last two arguments of a call that may wait.
struct limits {
  time_point until = forever;
  bool no_wait = false;
  pinned<token> cancel;

  /// The error of a wait; one that was not to wait has not timed out but would have blocked.
  int failed(std::error_code error) const noexcept;
};

/// Checks the arguments. Fails also when the token has ended the call already.
int read_limits(std::int64_t timeout, weft_handle cancel, limits& into) noexcept;

/// Cancels a scope.
class scope_waker final : public waker {
 public:
  explicit scope_waker(cancel_scope& scope) noexcept : scope_(scope) {}
  void fire() noexcept override { scope_.cancel("a token of weft.h was cancelled"); }

 private:
  cancel_scope& scope_;
};

/// Calls `f`, whose waits the token ends. The deadline is left to `f`.
template <class F>
auto under_token(const limits& how, F&& f) {
  if (!how.cancel) {
    return f();
  }
  cancel_scope region;
  scope_waker ends(region);
  const waker_list::entry registered(how.cancel->waiting, ends);
  return f();
}

/// Calls `f`, whose waits the token and the deadline end.
template <class F>
auto within(const limits& how, F&& f) {
  if (how.until == forever) {
    return under_token(how, f);
  }
  return under_token(how, [&] {
    // It is the call's own limit: where the scope is would tell nobody anything.
    struct forgetting {
      ~forgetting() { (void)weft::detail::time_out_of_wait(); }
    } const afterwards;
    const timeout_scope limit(how.until);
    return f();
  });
}

}  // namespace weft::c
