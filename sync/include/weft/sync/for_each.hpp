#pragma once

#include <concepts>
#include <cstddef>
#include <exception>
#include <functional>
#include <ranges>
#include <source_location>
#include <utility>

#include <weft/runtime/cancel.hpp>
#include <weft/runtime/result.hpp>
#include <weft/sync/detail/join_core.hpp>
#include <weft/sync/task_group.hpp>

namespace weft {

/// Calls `f` with each element of a range, `limit` calls at a time (0: any number), each in a fiber
/// of its own, and returns when all have.
///
///     auto fetched = weft::for_each(urls, 8, [&](const std::string& url) { return fetch(url); });
///
/// The first call that fails, by an error or an exception, cancels the others; no more elements are
/// taken. What `f` returns is dropped unless it is an error.
///
/// `f` is one object for all calls, called where it is. The caller itself passes through the range,
/// once, and may wait there: a channel is a range, too. Elements are passed to `f` by reference
/// where they stay in place, as those of a container do. Those that the range makes, and those of a
/// range that can be passed through but once, are copied, or moved where that is not possible, and
/// passed as rvalues.
///
/// Suspends: until all calls have returned.
/// Errors: that of the call that failed first; `operation_canceled` or `timed_out` when a scope
///   around the caller ends before all elements were taken. An exception of a call, else one of the
///   range, is rethrown. Throws std::bad_alloc. All that when the calls have ended; an element that
///   had been taken before may then be one that `f` was not called with.
/// Cancellation: what cancels the caller, and a deadline around it, cancels the calls, too; that
///   they still have to return is not cut short.
/// Threads: fibers only; `f` is called on several threads at once.
/// Cost: a fiber for each element, at most `limit` at a time; no other allocation.
template <std::ranges::input_range Range, class F>
  requires std::invocable<F&, detail::kept_element<Range>>
result<void> for_each(Range&& range, std::size_t limit, F&& f,
                      std::source_location site = std::source_location::current()) {
  using element = detail::kept_element<Range>;
  task_group group({.max_concurrency = limit});
  // Of the caller alone, who may be waiting for a place or for an element when a call fails.
  cancel_scope taking;
  const auto call = [&](detail::kept<element>& kept) -> result<void> {
    if (auto open = check_cancel(); !open) {
      return open;
    }
    auto invocation = [&]() -> decltype(auto) {
      return std::invoke(f, std::forward<element>(kept.element));
    };
    auto end = detail::outcome_of_call(invocation);
    if (end.exception || !*end.value) {
      taking.cancel("a call of for_each() failed");
    }
    return detail::status_of(end);
  };
  const auto take = [&]() -> result<void> {
    for (auto&& each : range) {
      if (auto open = check_cancel(); !open) {
        return open;
      }
      auto started = group.spawn(
          [&call, kept = detail::keep<element>(std::forward<decltype(each)>(each))]() mutable {
            return call(kept);
          },
          site);
      if (!started) {
        return started;
      }
    }
    // A range that waits for its elements ends when its wait does.
    return std::ranges::forward_range<Range> ? result<void>() : check_cancel();
  };
  result<void> taken;
  std::exception_ptr thrown;
  try {
    taken = take();
  } catch (...) {
    thrown = std::current_exception();
    group.cancel("the range of for_each() threw");
  }
  auto joined = detail::wait_shielded(group);
  if (thrown) {
    std::rethrow_exception(std::move(thrown));
  }
  return joined ? taken : joined;
}

}  // namespace weft
