#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <ranges>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include <weft/runtime/arm.hpp>
#include <weft/runtime/clock.hpp>
#include <weft/runtime/detail/task.hpp>
#include <weft/runtime/result.hpp>
#include <weft/sync/detail/select_core.hpp>

/// The types of select(): arms with their handlers, and how the handlers' results become one.
namespace weft::detail {

/// Hands on what it is given.
struct pass_outcome {
  void operator()() const noexcept {}
  template <class Outcome>
  Outcome operator()(Outcome&& outcome) const {
    return std::forward<Outcome>(outcome);
  }
};

/// The handler of after() without one. Its result fits any other.
struct nothing_but_time_out {};
struct time_out {
  nothing_but_time_out operator()() const noexcept { return {}; }
};

template <class Handler, class Outcome>
struct is_handler : std::is_invocable<Handler&, Outcome> {};
template <class Handler>
struct is_handler<Handler, void> : std::is_invocable<Handler&> {};
template <class Handler, class A>
concept handles = is_handler<Handler, arm_outcome_t<A>>::value;

template <select_arm A, class Handler>
struct arm_case {
  A arm;
  Handler handler;

  decltype(auto) finish() {
    if constexpr (std::is_void_v<arm_outcome_t<A>>) {
      arm.outcome();
      return handler();
    } else {
      return handler(arm.outcome());
    }
  }
};

template <class Handler>
struct time_case {
  time_point deadline;
  Handler handler;

  decltype(auto) finish() { return handler(); }
};

template <class Handler>
struct default_case {
  Handler handler;

  decltype(auto) finish() { return handler(); }
};

template <class T>
inline constexpr bool is_arm_case = false;
template <class A, class Handler>
inline constexpr bool is_arm_case<arm_case<A, Handler>> = true;
template <class T>
inline constexpr bool is_time_case = false;
template <class Handler>
inline constexpr bool is_time_case<time_case<Handler>> = true;
template <class T>
inline constexpr bool is_default_case = false;
template <class Handler>
inline constexpr bool is_default_case<default_case<Handler>> = true;

template <class T>
concept select_case = is_arm_case<std::remove_cvref_t<T>> || is_time_case<std::remove_cvref_t<T>> ||
                      is_default_case<std::remove_cvref_t<T>>;

/// What a handler leaves, without a result<> around it.
template <class Case>
using handled_t =
    flatten_t<std::remove_cvref_t<decltype(std::declval<std::remove_cvref_t<Case>&>().finish())>>;

/// The common type of those that are not nothing_but_time_out; void if all the others are.
template <class... T>
struct common_handled {
  using type = void;
};
template <class T>
struct common_handled<T> {
  using type = T;
};
template <>
struct common_handled<nothing_but_time_out> {
  using type = void;
};
template <class First, class Second, class... Rest>
struct common_handled<First, Second, Rest...> {
  static_assert(std::is_void_v<First> == std::is_void_v<Second>,
                "either all handlers of a select return a value, or none does");
  using type = typename common_handled<std::common_type_t<First, Second>, Rest...>::type;
};
template <class Second, class... Rest>
struct common_handled<nothing_but_time_out, Second, Rest...> : common_handled<Second, Rest...> {};
template <class First, class... Rest>
struct common_handled<First, nothing_but_time_out, Rest...> : common_handled<First, Rest...> {};
template <class... Rest>
struct common_handled<nothing_but_time_out, nothing_but_time_out, Rest...>
    : common_handled<nothing_but_time_out, Rest...> {};

/// Calls the winner's handler.
template <class T, class Case>
result<T> finish_as(Case& winner) {
  using R = std::remove_cvref_t<decltype(winner.finish())>;
  if constexpr (std::is_same_v<R, nothing_but_time_out>) {
    return fail(time_out_of_wait());
  } else if constexpr (std::is_void_v<R>) {
    winner.finish();
    return {};
  } else if constexpr (std::is_same_v<R, result<flatten_t<R>>>) {
    return result<T>(winner.finish());
  } else {
    return result<T>(std::in_place, winner.finish());
  }
}

template <class Case>
constexpr arm_ref refer_to(Case& one, std::size_t index) noexcept {
  using A = decltype(one.arm);
  return {&one.arm, &ops_of_arm<A>, index};
}

/// Calls the handler of the arm at that place; `operation_would_block` for a place beyond all.
template <class T>
result<T> finish_at(std::size_t) {
  return fail(std::make_error_code(std::errc::operation_would_block));
}
template <class T, class First, class... Rest>
result<T> finish_at(std::size_t place, First& first, Rest&... rest) {
  return place == 0 ? finish_as<T>(first) : finish_at<T>(place - 1, rest...);
}

template <class... Cases>
auto run_select(select_plan plan, Cases&... cases) {
  static_assert(sizeof...(Cases) > 0, "select() without arms would wait for ever");
  static_assert((is_default_case<Cases> + ... + 0) <= 1, "a select has one otherwise() at most");
  using T = typename common_handled<handled_t<Cases>...>::type;

  std::array<arm_ref, (is_arm_case<Cases> + ... + 0)> arms;
  std::size_t filled = 0;
  std::size_t place = 0;
  std::size_t earliest = none_ready;
  std::size_t fallback = none_ready;
  const auto sort = [&](auto& one) {
    using Case = std::remove_reference_t<decltype(one)>;
    if constexpr (is_arm_case<Case>) {
      arms[filled++] = refer_to(one, place);
    } else if constexpr (is_default_case<Case>) {
      fallback = place;
      plan.waits = false;
    } else if (earliest == none_ready || one.deadline < plan.until) {
      earliest = place;
      plan.until = one.deadline;
    }
    ++place;
  };
  (sort(cases), ...);

  const result<std::size_t> ended = select_one(arms, plan);
  if (!ended) {
    return result<T>(fail(ended.error()));
  }
  return finish_at<T>(*ended == deadline_passed ? earliest
                      : *ended == none_ready    ? fallback
                                                : *ended,
                      cases...);
}

template <class Arms>
auto run_select_over(Arms& cases, time_point deadline) {
  using Case = std::remove_cvref_t<std::ranges::range_reference_t<Arms>>;
  using T = typename common_handled<handled_t<Case>>::type;

  std::array<arm_ref, 16> few;
  std::vector<arm_ref> many;
  std::span<arm_ref> arms(few);
  const auto count = static_cast<std::size_t>(std::ranges::distance(cases));
  if (count > few.size()) {
    many.resize(count);
    arms = many;
  }
  arms = arms.first(count);
  std::size_t place = 0;
  for (Case& one : cases) {
    arms[place] = refer_to(one, place);
    ++place;
  }
  const result<std::size_t> ended = select_one(arms, {.until = deadline});
  if (!ended || *ended == deadline_passed) {
    return result<T>(fail(ended ? time_out_of_wait() : ended.error()));
  }
  const auto winner = static_cast<std::ranges::range_difference_t<Arms>>(*ended);
  return finish_as<T>(*std::ranges::next(std::ranges::begin(cases), winner));
}

}  // namespace weft::detail
