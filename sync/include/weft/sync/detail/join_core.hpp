#pragma once

#include <concepts>
#include <exception>
#include <functional>
#include <optional>
#include <ranges>
#include <source_location>
#include <type_traits>
#include <utility>
#include <variant>

#include <weft/runtime/cancel.hpp>
#include <weft/runtime/detail/atomic.hpp>
#include <weft/runtime/detail/error_background.hpp>
#include <weft/runtime/detail/task.hpp>
#include <weft/runtime/result.hpp>
#include <weft/sync/task_group.hpp>

/// What join_all(), try_join_all(), race() and for_each() share.
///
/// All are a task_group on the caller's stack, and places for what its tasks come to below it: the
/// group is destroyed first, so a task never outlives the place it writes to, whatever is thrown.
/// Only the task writes there before it ends, and only the caller reads after: the group's own lock
/// orders the two. The group lies in the caller's scope, which therefore reaches the tasks by
/// itself; the caller waits for them in a shield, for there is nothing it could do sooner.
namespace weft::detail {

/// What a call of an F comes to, without the result around it.
template <class F>
using called_t = flatten_t<std::invoke_result_t<std::remove_reference_t<F>&>>;

/// What a task keeps of an element: a reference to what stays where it is, else the element.
template <class Range>
using kept_element =
    std::conditional_t<std::ranges::forward_range<Range> &&
                           std::is_lvalue_reference_v<std::ranges::range_reference_t<Range>>,
                       std::ranges::range_reference_t<Range>, std::ranges::range_value_t<Range>>;

/// A range of functions that one may call.
template <class Range>
concept callable_range = std::ranges::forward_range<Range> &&
                         std::invocable<std::remove_reference_t<kept_element<Range>>&>;

template <class Range>
using range_called_t = called_t<kept_element<Range>>;

/// A reference or a value, as a task captures it.
template <class T>
struct kept {
  T element;
};

/// Keeps an element, a copy if it must be one and can be.
template <class T, class Element>
kept<T> keep(Element&& element) {
  if constexpr (std::constructible_from<T, Element>) {
    return kept<T>{std::forward<Element>(element)};
  } else {
    return kept<T>{std::move(element)};  // NOLINT(bugprone-move-forwarding-reference)
  }
}

template <class F>
outcome<called_t<F>> outcome_of_call(F& f) noexcept {
  auto call = [&f]() -> decltype(auto) { return std::invoke(f); };
  return task<decltype(call), called_t<F>>::invoke(call);
}

/// For the group of the task to learn how it ended.
template <class T>
result<void> status_of(outcome<T>& end) {
  if (end.exception) {
    std::rethrow_exception(std::move(end.exception));
  }
  return *end.value ? result<void>() : fail(end.value->error());
}

/// For the group to tell explain() of it; an exception is kept from the group.
template <class T>
result<void> error_in(const outcome<T>& end) noexcept {
  return end.value && !*end.value ? fail(end.value->error()) : result<void>();
}

inline result<void> wait_shielded(task_group& group) {
  const shield patience;
  return group.wait();
}

template <class F, class T>
void start_for_join(task_group& group, outcome<T>& end, kept<F> f, std::source_location site) {
  (void)group.spawn(
      [f = std::move(f), &end]() mutable {
        end = outcome_of_call(f.element);
        return error_in(end);
      },
      site);
}

template <class F, class T>
void start_for_try_join(task_group& group, outcome<T>& end, kept<F> f, std::source_location site) {
  (void)group.spawn(
      [f = std::move(f), &end]() mutable -> result<void> {
        if (auto open = check_cancel(); !open) {
          return open;
        }
        end = outcome_of_call(f.element);
        return status_of(end);
      },
      site);
}

template <class T>
auto value_of(outcome<T>& end) {
  if constexpr (std::is_void_v<T>) {
    return std::monostate();
  } else {
    return T(std::move(**end.value));
  }
}

/// A race whose winner's value becomes a T.
template <class T>
class race_course {
 public:
  template <class F>
  void start(kept<F> f, std::source_location site) {
    (void)group_.spawn(
        [f = std::move(f), this]() mutable {
          if (over_.load()) {
            return;
          }
          auto end = outcome_of_call(f.element);
          if (!over_.exchange(true)) {
            win(end);
          }
        },
        site);
  }

  result<T> finish() {
    (void)wait_shielded(group_);
    if (won_.value && !*won_.value) {
      adopt_background(won_.value->error(), background_);
    }
    return won_.take();
  }

 private:
  template <class U>
  void win(outcome<U>& end) noexcept {
    won_.exception = std::move(end.exception);
    if (end.value) {
      if (!*end.value) {
        background_ = background_here(end.value->error());  // the group's end is the winner's, too
      }
      won_.value.emplace(std::move(*end.value));
    }
    group_.cancel("another has won the race");
  }

  outcome<T> won_;
  error_background background_;  // of the error that won
  atomic<bool> over_{false};
  task_group group_{on_error::keep_going};
};

}  // namespace weft::detail
