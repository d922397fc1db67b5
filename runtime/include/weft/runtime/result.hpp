#pragma once

#include <expected>
#include <system_error>
#include <utility>

#include <weft/runtime/errc.hpp>

namespace weft {

/// A value or the reason why there is none. Every call that can fail at run time returns one.
template <class T = void>
using result = std::expected<T, std::error_code>;

/// Makes the failed result of any `result<T>`: `return weft::fail(weft::errc::timed_out);`
inline std::unexpected<std::error_code> fail(std::error_code error) noexcept {
  return std::unexpected<std::error_code>(error);
}

namespace detail {
[[noreturn]] WEFT_API void throw_system_error(std::error_code error);
}

/// Returns the value, or throws a `std::system_error` with the error, whose what() is what
/// explain() knows of it: for code that prefers exceptions.
template <class T>
T or_throw(result<T> outcome) {
  if (!outcome) {
    detail::throw_system_error(outcome.error());
  }
  if constexpr (!std::is_void_v<T>) {
    return std::move(*outcome);
  }
}

}  // namespace weft
