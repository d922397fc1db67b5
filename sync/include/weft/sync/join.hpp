#pragma once

#include <concepts>
#include <cstddef>
#include <ranges>
#include <source_location>
#include <system_error>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <weft/runtime/result.hpp>
#include <weft/sync/detail/join_core.hpp>
#include <weft/sync/task_group.hpp>

/// Calling several functions at once, each as a fiber of its own, and going on when none runs.
///
///     auto [user, orders] = weft::join_all([&] { return load_user(id); },
///                                          [&] { return load_orders(id); });
///     auto page = weft::race([&] { return fetch(mirror); }, [&] { return fetch(origin); });
///
/// For all of them:
///
/// The functions are called where they are, not copied, so they may refer to what the caller has on
/// its stack. A range is passed through twice; functions that it makes on the way are kept by their
/// fibers.
///
/// Suspends: until all functions that were called have returned.
/// Cancellation: what cancels the caller, and a deadline around it, cancels the functions; that
///   they still have to return is not cut short. What came of them is returned even then.
/// Threads: fibers only.
/// Cost: a fiber for each function; of allocations, theirs and that of a vector.
namespace weft {

/// Calls all functions and waits for all, whatever they return.
///
/// Returns: what each has returned, in their order.
/// Errors: if some have thrown, the exception of the first of them, by their order, is rethrown
///   when all have ended. Throws std::bad_alloc, also when all have ended.
template <class... F>
  requires(std::invocable<std::remove_reference_t<F>&> && ...)
auto join_all(F&&... functions) {
  std::tuple<detail::outcome<detail::called_t<F>>...> ends;
  {
    task_group group(on_error::keep_going);
    std::apply(
        [&](auto&... end) {
          (detail::start_for_join(group, end, detail::kept<std::remove_reference_t<F>&>{functions},
                                  std::source_location::current()),
           ...);
        },
        ends);
    (void)detail::wait_shielded(group);
  }
  return std::apply(
      [](auto&... end) { return std::tuple<result<detail::called_t<F>>...>{end.take()...}; }, ends);
}

/// join_all() of as many functions as the range has.
template <detail::callable_range Range>
auto join_all(Range&& functions, std::source_location site = std::source_location::current()) {
  using T = detail::range_called_t<Range>;
  std::vector<detail::outcome<T>> ends(static_cast<std::size_t>(std::ranges::distance(functions)));
  {
    task_group group(on_error::keep_going);
    auto end = ends.begin();
    for (auto&& f : functions) {
      detail::start_for_join(
          group, *end++, detail::keep<detail::kept_element<Range>>(std::forward<decltype(f)>(f)),
          site);
    }
    (void)detail::wait_shielded(group);
  }
  std::vector<result<T>> all;
  all.reserve(ends.size());
  for (auto& end : ends) {
    all.push_back(end.take());
  }
  return all;
}

/// Calls all functions; the first that fails, by an error or an exception, cancels the others.
/// Those that have not begun by then, or by the time at which the caller is cancelled, are not
/// called.
///
/// Returns: a tuple of their values, in their order, with a std::monostate for each that returns
///   none; nothing, if none returns one.
/// Errors: that of the function that failed first; or its exception, rethrown; when all have ended.
///   Throws std::bad_alloc, also when all have ended.
template <class... F>
  requires(std::invocable<std::remove_reference_t<F>&> && ...)
auto try_join_all(F&&... functions) {
  std::tuple<detail::outcome<detail::called_t<F>>...> ends;
  result<void> joined;
  {
    task_group group(on_error::fail_fast);
    std::apply(
        [&](auto&... end) {
          (detail::start_for_try_join(group, end,
                                      detail::kept<std::remove_reference_t<F>&>{functions},
                                      std::source_location::current()),
           ...);
        },
        ends);
    joined = detail::wait_shielded(group);
  }
  if constexpr ((std::is_void_v<detail::called_t<F>> && ...)) {
    return joined;
  } else {
    using values = std::tuple<decltype(detail::value_of(
        std::declval<detail::outcome<detail::called_t<F>>&>()))...>;
    if (!joined) {
      return result<values>(fail(joined.error()));
    }
    return result<values>(
        std::apply([](auto&... end) { return values{detail::value_of(end)...}; }, ends));
  }
}

/// try_join_all() of as many functions as the range has. The values come in a vector.
template <detail::callable_range Range>
auto try_join_all(Range&& functions, std::source_location site = std::source_location::current()) {
  using T = detail::range_called_t<Range>;
  std::vector<detail::outcome<T>> ends(static_cast<std::size_t>(std::ranges::distance(functions)));
  result<void> joined;
  {
    task_group group(on_error::fail_fast);
    auto end = ends.begin();
    for (auto&& f : functions) {
      detail::start_for_try_join(
          group, *end++, detail::keep<detail::kept_element<Range>>(std::forward<decltype(f)>(f)),
          site);
    }
    joined = detail::wait_shielded(group);
  }
  if constexpr (std::is_void_v<T>) {
    return joined;
  } else {
    if (!joined) {
      return result<std::vector<T>>(fail(joined.error()));
    }
    std::vector<T> values;
    values.reserve(ends.size());
    for (auto& end : ends) {
      values.push_back(detail::value_of(end));
    }
    return result<std::vector<T>>(std::move(values));
  }
}

/// Calls all functions and takes what the first to end comes to, be it a value, an error or an
/// exception. The others are cancelled and waited for; what they come to is destroyed. Those that
/// have not begun by then are not called.
///
/// Returns: the winner's value, as the type that all of their values convert to.
/// Errors: the winner's error; or its exception, rethrown; when all have ended. Throws
///   std::bad_alloc, also when all have ended.
template <class... F>
  requires(sizeof...(F) > 0 && (std::invocable<std::remove_reference_t<F>&> && ...) &&
           requires { typename std::common_type_t<detail::called_t<F>...>; })
auto race(F&&... functions) -> result<std::common_type_t<detail::called_t<F>...>> {
  detail::race_course<std::common_type_t<detail::called_t<F>...>> course;
  (course.start(detail::kept<std::remove_reference_t<F>&>{functions},
                std::source_location::current()),
   ...);
  return course.finish();
}

/// race() of as many functions as the range has. Nobody wins an empty one: `invalid_argument`.
template <detail::callable_range Range>
auto race(Range&& functions, std::source_location site = std::source_location::current())
    -> result<detail::range_called_t<Range>> {
  if (std::ranges::empty(functions)) {
    return fail(std::make_error_code(std::errc::invalid_argument));
  }
  detail::race_course<detail::range_called_t<Range>> course;
  for (auto&& f : functions) {
    course.start(detail::keep<detail::kept_element<Range>>(std::forward<decltype(f)>(f)), site);
  }
  return course.finish();
}

}  // namespace weft
