#pragma once

#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <new>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>

#include <weft/io/descriptor.hpp>
#include <weft/io/detail/syscalls.hpp>
#include <weft/runtime/blocking.hpp>
#include <weft/runtime/cancel.hpp>
#include <weft/runtime/result.hpp>

/// Calls about files that may wait for a device, and that no backend makes: on the blocking pool.
///
/// io_uring has operations for some of them (statx, renameat, unlinkat, mkdirat, linkat), but the
/// kernel hands each of these to a thread of its own at once, for none can be tried without
/// waiting: the same way as to the pool and back, by another road for each backend.
namespace weft::io::detail {

namespace sys = weft::detail::sys;

/// The error, with a sentence for explain() that names what it is about.
std::unexpected<std::error_code> refused(std::string_view attempt, std::string_view path,
                                         std::error_code error) noexcept;
std::unexpected<std::error_code> refused(std::string_view attempt,
                                         const std::filesystem::path& path,
                                         std::error_code error) noexcept;
std::unexpected<std::error_code> refused(std::string_view attempt,
                                         const std::filesystem::path& from,
                                         const std::filesystem::path& to,
                                         std::error_code error) noexcept;

/// In UTF-8, as io::file takes it.
std::string text_of(const std::filesystem::path& path);

/// Whether the system would take it for another that ends where it has a zero.
inline bool has_zero(const std::filesystem::path& path) noexcept {
  return path.native().find(std::filesystem::path::value_type{}) !=
         std::filesystem::path::string_type::npos;
}

/// Makes a call that returns its value or minus the error number, or a result.
template <class Call>
auto call_on_pool(Call make_it) -> decltype(blocking(make_it)) {
  if (auto going = check_cancel(); !going) {
    return fail(going.error());
  }
  try {
    return blocking(make_it);
  } catch (const std::bad_alloc&) {
    return fail(std::make_error_code(std::errc::not_enough_memory));
  }
}

/// The same while nobody can close the handle; errors are errors.
template <class Call>
auto call_on_handle(const descriptor& handle, Call make_it) noexcept
    -> result<std::invoke_result_t<Call, int>> {
  if (auto going = check_cancel(); !going) {
    return fail(going.error());
  }
  const auto held = handle.borrow();
  if (!held) {
    return fail(errc::closed);
  }
  auto made = blocking([&]() noexcept { return make_it(held.native_handle()); });
  if (made && *made < 0) {
    return fail(sys::error_of(static_cast<std::ptrdiff_t>(*made)));
  }
  return made;
}

/// A call on a path, or on two; the attempt is for explain().
template <class Call>
result<void> call_on_path(std::string_view attempt, const std::filesystem::path& path,
                          Call make_it) {
  if (has_zero(path)) {
    return fail(std::make_error_code(std::errc::invalid_argument));
  }
  const result<int> made = call_on_pool(make_it);
  if (!made) {
    return fail(made.error());
  }
  return *made < 0 ? result<void>(refused(attempt, path, sys::error_of(*made))) : result<void>();
}

template <class Call>
result<void> call_on_paths(std::string_view attempt, const std::filesystem::path& from,
                           const std::filesystem::path& to, Call make_it) {
  if (has_zero(from) || has_zero(to)) {
    return fail(std::make_error_code(std::errc::invalid_argument));
  }
  const result<int> made = call_on_pool(make_it);
  if (!made) {
    return fail(made.error());
  }
  return *made < 0 ? result<void>(refused(attempt, from, to, sys::error_of(*made)))
                   : result<void>();
}

/// The error number in what the standard library says, 0 if it says none.
int number_of(std::error_code said) noexcept;

/// A call of the standard library's under the injector's eyes: 0, or minus the error number.
/// `make_it(error)` makes it.
template <class Call>
int ask_library(sys::call which, Call&& make_it) {
  for (;;) {
    int number = sys::consult(which, -1).error;
    if (number == 0) {
      std::error_code said;
      make_it(said);
      number = number_of(said);
    }
    if (number != EINTR) {
      return -number;
    }
  }
}

}  // namespace weft::io::detail
