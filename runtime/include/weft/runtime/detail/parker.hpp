#pragma once

#include <cstddef>
#include <cstdint>

#include <weft/runtime/clock.hpp>
#include <weft/runtime/config.hpp>
#include <weft/runtime/detail/atomic.hpp>
#include <weft/runtime/result.hpp>

/// Park and unpark: the one way in which anything in weft waits.
///
/// A wait has three steps. begin_wait() opens it and returns a token; the waiter publishes the
/// token where its waker will find it; park() leaves the processor until someone claims the token.
/// Wakers, deadlines and cancellation race for the claim, one compare-and-swap on the parker's word
/// decides, and the winner alone makes the waiter run again. A token names one wait of one parker
/// by a generation, and parkers are never unmapped while their runtime lives: a stale token is
/// harmless, wherever it was left.
namespace weft::detail {

class scope;
class scope_access;

/// Why a wait ended.
enum class wake_reason : std::uint8_t {
  ready,
  timed_out,  ///< park()'s own deadline passed
  canceled,   ///< a scope around the wait was cancelled or ran out of time: ask cancel_error()
};

/// Who may end a wait beside its waker and its deadline.
enum class cancelable : bool { no, yes };

/// A fiber or a plain thread, as something that waits, or a proxy for one; see proxy_parker.hpp.
class WEFT_API parker {
 public:
  enum class kind : std::uint8_t { fiber, thread, proxy };

  parker(const parker&) = delete;
  parker& operator=(const parker&) = delete;

  bool is_fiber() const noexcept { return kind_ == kind::fiber; }
  bool is_proxy() const noexcept { return kind_ == kind::proxy; }

 private:
  // generation << 3 | wait_state. Only the parker opens a wait (running -> waiting_*); whoever
  // moves it on from waiting_* by compare-and-swap has claimed it.
  atomic<std::uint64_t> word_{0};

 public:
  /// The innermost cancellation scope. Written by the parker itself only.
  scope* current_scope = nullptr;
  /// How many shields surround the current scope. Written by the parker itself only.
  std::uint16_t shields = 0;

 protected:
  explicit parker(kind what) noexcept : kind_(what) {}
  ~parker() = default;

 private:
  friend class wait_word;

  const kind kind_;
};

/// How many cache lines, from its address on, to bring in of a parker that will run soon: a fiber's
/// whole control block.
inline constexpr std::size_t parker_lines = 5;

/// One wait of one parker.
struct wait_token {
  parker* who = nullptr;
  std::uint64_t generation = 0;
};

/// The calling fiber, or the calling thread where it runs no fiber.
WEFT_API parker& current_parker() noexcept;

/// Opens a wait. Fails with the cancellation's error where `can` is yes and a scope around the
/// caller is cancelled already: then nothing was opened. Never suspends: may be called under a
/// spinlock.
WEFT_API result<wait_token> begin_wait(cancelable can) noexcept;

/// begin_wait(cancelable::yes) for `token.who`, which must be the caller. False: nothing was
/// opened.
WEFT_API bool begin_wait_of(wait_token& token) noexcept;

/// Opens a wait that nothing but its waker and its deadline can end.
WEFT_API wait_token begin_wait_uncancelable() noexcept;

/// Takes back a wait that was begun and turned out needless, before park(). Where a waker was
/// faster, absorbs its wake-up. Returns false in that case.
WEFT_API bool abandon_wait(wait_token token) noexcept;

/// What a wait is for, as dumps and the deadlock report tell it.
struct awaited {
  /// Implicit: a wait of which no more is known is given as a literal.
  constexpr awaited(const char* text, const void* thing = nullptr) noexcept
      : what(text), object(thing) {}

  const char* what;  ///< a string literal
  /// What only a fiber or thread of this program that goes on can make ready. Null where the wait
  /// may be ended from outside: by the system, the time, code that weft does not know.
  const void* object;
  /// park()'s deadline is none of the wait's: the waiter wakes to look again, and waits on.
  bool polls = false;
  /// Others may have the object at the same time: a reader's wait.
  bool shared = false;
  /// The object is a `parker`, whose end is waited for.
  bool is_end = false;
};

/// Leaves the processor until the token is claimed or `until` has passed. Call exactly once per
/// successful begin_wait.
WEFT_API wake_reason park(wait_token token, time_point until, const awaited& what) noexcept;

/// Ends the wait, if it is still open, and makes its parker runnable. Any thread. True if this call
/// ended it.
WEFT_API bool unpark(wait_token token) noexcept;

/// The first half of unpark(): ends the wait, but its parker does not run before resume(). True if
/// this call ended it: then the caller must call resume(), and may use in between what the waiter
/// has on its stack: hand a value over, say which of several wakers it was.
WEFT_API bool claim_wait(wait_token token) noexcept;
/// The second half. The waiter and all it has on its stack may be gone when this returns.
WEFT_API void resume(wait_token claimed) noexcept;

/// unpark(), for a waker whose wait may have been cut short and followed by another for the same
/// thing: ends the wait that the token names or, if that was ended by someone else, the parker's
/// very next one. What the waker wrote before is seen by a parker that opens that next wait too
/// late to be ended by this.
WEFT_API bool unpark_this_or_next(wait_token token) noexcept;

/// Counts one operation that did not wait; a fiber that has had many in a row yields here.
WEFT_API void consume_budget() noexcept;

/// Of a fiber whose operation completed at once by luck: whoever is ready goes first, as if it had
/// waited. A peer that is quick could otherwise keep a fiber, and all others waiting, for a budget.
WEFT_API void yield_as_if_woken() noexcept;

/// The error of the cancelled scope around the caller (timed_out or operation_canceled), or no
/// error.
WEFT_API std::error_code cancel_error() noexcept;

/// errc::timed_out, for the caller's wait whose own time has passed: cause_of() then names no scope
/// that ran out of time before.
WEFT_API std::error_code time_out_of_wait() noexcept;

}  // namespace weft::detail
