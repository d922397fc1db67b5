#pragma once

#include <concepts>
#include <cstdint>
#include <type_traits>
#include <utility>

#include <weft/runtime/detail/parker.hpp>

namespace weft {

/// What became of an arm that was asked to wait.
enum class arm_step : std::uint8_t {
  waiting,  ///< it has kept the ticket: whoever makes it ready will find it there
  done,     ///< it was ready: it has claimed the ticket and performed its operation
  lost,     ///< it was ready, but its claim failed: something else has ended the wait
  again,    ///< it has claimed the ticket, and then it was not ready after all: begin anew
};

/// The right to end one wait of a select() or of a completion_queue; two words, freely copied.
///
/// Many arms hold copies of one ticket, and so do a deadline and a cancellation: one claim
/// succeeds.
class arm_ticket {
 public:
  arm_ticket() noexcept = default;
  explicit arm_ticket(detail::wait_token token) noexcept : token_(token) {}

  /// Ends the wait, if it is still open. True if this call did: then the caller may perform the
  /// arm's operation, and must resume() whoever waits, unless it is the waiter itself, in enlist().
  [[nodiscard]] bool claim() const noexcept { return detail::claim_wait(token_); }
  /// Lets the waiter run after a claim. It may be gone when this returns, and its arms with it.
  void resume() const noexcept { detail::resume(token_); }

  /// Whether both are held for the same waiter, who cannot exchange anything with itself.
  bool same_waiter(const arm_ticket& other) const noexcept {
    return token_.who == other.token_.who;
  }
  detail::wait_token token() const noexcept { return token_; }

 private:
  detail::wait_token token_;
};

/// What select(), select_in_order(), try_select() and completion_queue can wait for: one operation
/// of something that can be ready or not. `channel::receiving()` is one. To add your own, write a
/// class that can be moved until it is first asked anything, with
///
/// - `bool try_now() noexcept`: performs the operation if that needs no waiting, and says so.
/// - `arm_step enlist(arm_ticket ticket) noexcept`: looks once more, under whatever lock guards the
///   thing, because it may have become ready meanwhile. If so it claims the ticket, and only then
///   performs the operation; otherwise it puts itself where the thing will find it.
/// - `bool withdraw() noexcept`: after the wait. Takes the arm back from where enlist() put it, and
///   says whether the thing has performed its operation.
/// - `outcome()`: called at most once, after the operation was performed; hands over what came of
/// it
///   to the handler, or void. May throw.
/// - if you like, `static constexpr bool served_by_fibers = true`: nothing but fibers and threads
/// of
///   this program that go on makes the thing ready, not the system and not the time. The deadlock
///   report then knows that a select() of such arms alone cannot end by itself.
///
/// - if it becomes ready by the passing of time, `time_point due() noexcept`: when, or `forever`.
/// It
///   is asked after enlist(); select() calls try_now() again when that time has come.
///
/// The thing, when it becomes ready, takes an arm off its list and claims the ticket, both under
/// its lock. If that succeeds it performs the operation there and then, leaves the lock and
/// resumes; if not it goes on to the next arm. So an operation is performed exactly when its arm
/// has won. A thing that stays ready once it is (the end of a fiber, say) needs to perform nothing:
/// it claims and resumes, withdraw() returns false, and select() finds out by try_now().
///
/// The calls come in this order: try_now() any number of times; enlist(); withdraw() if that
/// returned `waiting`; and from the beginning again, until the operation is performed or not wanted
/// any more. None may suspend. They come from one fiber or thread at a time.
template <class A>
concept select_arm = std::move_constructible<A> && requires(A& arm, arm_ticket ticket) {
  { arm.try_now() } noexcept -> std::same_as<bool>;
  { arm.enlist(ticket) } noexcept -> std::same_as<arm_step>;
  { arm.withdraw() } noexcept -> std::same_as<bool>;
  arm.outcome();
};

/// What the operation of an arm comes to.
template <select_arm A>
using arm_outcome_t = decltype(std::declval<A&>().outcome());

}  // namespace weft
