#pragma once

#include <concepts>
#include <ranges>
#include <type_traits>
#include <utility>

#include <weft/runtime/arm.hpp>
#include <weft/runtime/clock.hpp>
#include <weft/runtime/result.hpp>
#include <weft/sync/detail/select_case.hpp>
#include <weft/sync/detail/select_core.hpp>

/// Waiting for the first of several things.
///
///     auto answer = weft::select(
///         weft::on(replies.receiving(), [](weft::result<reply> r) { return use(r); }),
///         weft::on(stop.waiting(), [] { return outcome::stopped; }),
///         weft::after(1s, [] { return outcome::too_late; }));
///
/// Exactly one arm wins. Its operation is performed, by itself or by the fiber that makes it ready,
/// and its handler is called with what the operation came to. The other arms leave no trace: their
/// values are not sent, and nothing is received for them.
///
/// I/O takes part as the fiber that does it: `on(reading.joining())`, and a cancel() of that fiber
/// if it has lost and is not wanted any more.
namespace weft {

/// An arm of a select: waits for `arm` and passes what comes of it to `handler`. Without a handler
/// the select's value is what comes of it: `select(on(replies.receiving()), after(1s))` is a
/// `result<reply>`.
///
/// `arm` is what things with something to wait for offer: `channel::receiving()` and `sending()`,
/// `join_handle::joining()`, `task_group::draining()` and so on; see runtime/arm.hpp for your own.
template <select_arm A, class Handler = detail::pass_outcome>
  requires detail::handles<Handler, A>
auto on(A arm, Handler handler = {}) {
  return detail::arm_case<A, Handler>{std::move(arm), std::move(handler)};
}

/// An arm that wins when the time has come and no other has won. Without a handler the select then
/// fails with `timed_out`. Of several the earliest counts.
template <std::invocable Handler>
auto at(time_point deadline, Handler handler) {
  return detail::time_case<Handler>{deadline, std::move(handler)};
}
inline auto at(time_point deadline) noexcept {
  return detail::time_case<detail::time_out>{deadline, {}};
}
/// at() that long from now; zero or less: at once if no other arm is ready.
template <std::invocable Handler>
auto after(duration wait, Handler handler) {
  return at(deadline_after(wait), std::move(handler));
}
inline auto after(duration wait) noexcept {
  return at(deadline_after(wait));
}

/// An arm that wins when no other is ready: a select that has one never waits.
template <std::invocable Handler>
auto otherwise(Handler handler) {
  return detail::default_case<Handler>{std::move(handler)};
}

/// Waits until one of the arms is ready, performs its operation, and calls its handler. Where
/// several are ready each is as likely as any other.
///
/// Returns: what the handler returned; if that is a `result<T>`, then it, not a result of a result.
/// All
///   handlers return the same type, or types that have a common one, or nothing.
/// Errors: the handler's; `operation_canceled` or `timed_out` when a scope around the caller ends
///   first. Exceptions of the handler, and of a fiber that was joined, pass through.
/// Suspends: while no arm is ready.
/// Threads: from fibers and plain threads.
/// Cost: each arm is asked once, and once more listed and withdrawn if the select waits. No
///   allocation.
template <detail::select_case... Cases>
auto select(Cases&&... cases) {
  return detail::run_select({}, cases...);
}

/// select() that prefers the arms in the order given where several are ready.
template <detail::select_case... Cases>
auto select_in_order(Cases&&... cases) {
  return detail::run_select({.order = detail::select_order::given}, cases...);
}

/// select() that fails with `operation_would_block` instead of waiting.
template <detail::select_case... Cases>
auto try_select(Cases&&... cases) {
  return detail::run_select({.waits = false}, cases...);
}

/// select() over arms of one type whose number is known at run time: a vector of on(...). They can
/// be used again afterwards, but for those that send. For many arms that are waited for again and
/// again, completion_queue is cheaper.
///
/// Errors: also `timed_out` after the deadline. Throws std::bad_alloc for more than 16 arms.
template <std::ranges::forward_range Arms>
  requires detail::is_arm_case<std::remove_cvref_t<std::ranges::range_reference_t<Arms>>>
auto select(Arms&& arms, time_point deadline = forever) {
  return detail::run_select_over(arms, deadline);
}

}  // namespace weft
