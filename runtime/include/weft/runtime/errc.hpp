#pragma once

#include <system_error>

#include <weft/runtime/config.hpp>

namespace weft {

/// What can end a wait or a stream beside the operating system's own errors.
///
/// Compare a `std::error_code` with these directly: `if (n.error() == weft::errc::end_of_stream)`.
/// Those that the standard knows also compare equal to their `std::errc` condition, given below.
enum class errc {
  /// The peer has sent everything and closed its side. No condition.
  end_of_stream = 1,
  /// A deadline passed: the call's own or that of a scope around it. `std::errc::timed_out`.
  timed_out,
  /// A scope around the call was cancelled. `std::errc::operation_canceled`.
  operation_canceled,
  /// The object was closed, before the call or under it. `std::errc::bad_file_descriptor`.
  closed,
  /// The call would wait for itself. `std::errc::resource_deadlock_would_occur`.
  would_deadlock,
  /// The runtime is shutting down and takes no new work. `std::errc::operation_canceled`.
  shutting_down,
  /// A promise was dropped before it was kept. No condition.
  broken_promise,
  /// A subscriber was too slow and has missed values. No condition.
  lagged,
};

/// The category of weft::errc; its name is "weft".
WEFT_API const std::error_category& weft_category() noexcept;

inline std::error_code make_error_code(errc code) noexcept {
  return {static_cast<int>(code), weft_category()};
}

}  // namespace weft

template <>
struct std::is_error_code_enum<weft::errc> : std::true_type {};
