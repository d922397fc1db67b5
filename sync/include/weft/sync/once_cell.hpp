#pragma once

#include <concepts>
#include <optional>
#include <type_traits>
#include <utility>

#include <weft/runtime/detail/task.hpp>
#include <weft/runtime/result.hpp>
#include <weft/sync/once_flag.hpp>

namespace weft {

/// A value that the first who needs it makes, while others who need it wait, and that stays.
///
///     weft::once_cell<config> settings;
///     auto found = settings.get_or_make(read_config);     // result<config*>
///
/// Suspends: get_or_make() while someone else makes the value; and as the maker does.
/// Threads: any fiber or thread may call anything. The value is seen whole by all who get it;
/// changing
///   it afterwards is up to its users.
/// Lifetime: outlives every call on it; the value lives as long as the cell.
/// Cost: the value and 32 bytes; get() is one read; no allocation.
template <class T>
class once_cell {
 public:
  once_cell() noexcept = default;
  once_cell(const once_cell&) = delete;
  once_cell& operator=(const once_cell&) = delete;

  /// The value, or null while there is none.
  T* get() noexcept { return made_.is_done() ? &*value_ : nullptr; }
  const T* get() const noexcept { return made_.is_done() ? &*value_ : nullptr; }

  /// The value; where there is none yet, what `make()` returns, a T or a `result<T>`, becomes it. A
  /// maker that throws or fails leaves the cell empty, for the next to try.
  ///
  /// Errors: the maker's, and its exceptions; those of call_once().
  template <std::invocable Make>
  result<T*> get_or_make(Make&& make) {
    auto called =
        call_once(made_, [&]() -> result<void> { return fill(std::forward<Make>(make)); });
    if (!called) {
      return fail(called.error());
    }
    return &*value_;
  }

  /// Gives the cell its value. False, and the value is dropped, if it has one or is about to; waits
  /// to learn whether a maker that is under way succeeds.
  ///
  /// Errors: those of call_once().
  result<bool> set(T value) {
    bool mine = false;
    auto called = call_once(made_, [&] {
      value_.emplace(std::move(value));
      mine = true;
    });
    if (!called) {
      return fail(called.error());
    }
    return mine;
  }

 private:
  template <class Make>
  result<void> fill(Make&& make) {
    if constexpr (std::is_same_v<std::invoke_result_t<Make>, result<T>>) {
      result<T> made = std::forward<Make>(make)();
      if (!made) {
        return fail(made.error());
      }
      value_.emplace(std::move(*made));
    } else {
      value_.emplace(std::forward<Make>(make)());
    }
    return {};
  }

  once_flag made_;
  std::optional<T> value_;
};

}  // namespace weft
