#pragma once

#include <span>
#include <string_view>
#include <system_error>

#include <weft/io/detail/syscalls.hpp>

/// What the contract says of every error number that a system call may return: POSIX's lists and
/// Linux' manual pages put together, or the lists of Microsoft's pages about Winsock.
namespace weft::testing {

enum class fate {
  repeated,     ///< the call is made again, and nobody hears of it
  waits,        ///< the call could not be made at once: the fiber waits
  reported,     ///< is the outcome, and what the call was made on is as good as before
  unsupported,  ///< the same, as operation_not_supported
  closed,       ///< the same, as errc::closed
  succeeded,    ///< means that it was done already
  skipped,      ///< has befallen a connection, not its listener: the next one is accepted
  paused,       ///< a shortage: tried again after a pause
};

std::string_view name_of(fate what) noexcept;

struct errno_case {
  int number;  // POSIX's
  std::string_view name;
  fate what;

  /// The error that a call comes to.
  std::error_code outcome() const noexcept;
};

/// Of a call that transfers, accepts, connects or polls, or of one that does not wait.
std::span<const errno_case> errnos_of(detail::sys::call which) noexcept;

std::string_view name_of(detail::sys::call which) noexcept;

/// Notes what a case came to on a backend. All are printed at the end of the process if
/// WEFT_ERRNO_LINES is set, a line each, for tests/backends_table.
void note(std::string_view call, const errno_case& error, std::string_view backend, bool passed);

}  // namespace weft::testing
