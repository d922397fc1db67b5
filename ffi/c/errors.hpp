#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>

#include <weft/ffi/weft.h>

/// How failures leave the library: as a code, and as a note for weft_last_error_text().
namespace weft::c {

/// The code for an error of the library or the system. Never WEFT_OK.
int code_of(std::error_code error) noexcept;

/// Notes a call that went wrong for a reason of its own and returns its code.
int failed(std::error_code error) noexcept;

/// Notes a call that cannot be right and returns the code. `what` is a string literal, or null
/// where the code says it all.
int misused(int code, const char* what = nullptr) noexcept;

/// The last failure of a fiber or thread, on its way to another.
struct failure {
  int code = WEFT_OK;
  std::error_code error = {};
  const char* what = nullptr;
  std::string text = {};  // what explain() knows of the error; empty: look there
};
/// Throws std::bad_alloc.
failure take_failure();
void leave_failure(const failure& taken);

/// Writes the text as snprintf does.
std::int64_t copy_text(std::string_view text, char* buffer, std::size_t size) noexcept;

/// The code of the exception that is being handled.
int code_of_exception() noexcept;

/// Calls `f`, which returns the result of a call; no exception leaves it.
template <class F>
std::invoke_result_t<F> guarded(F&& f) noexcept {
  try {
    return f();
  } catch (...) {
    return code_of_exception();
  }
}

}  // namespace weft::c
