#include "errors.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <exception>
#include <string>

#include <weft/io/detail/syscalls.hpp>
#include <weft/net/address_errc.hpp>
#include <weft/net/resolve_errc.hpp>
#include <weft/runtime/errc.hpp>
#include <weft/runtime/explain.hpp>
#include <weft/runtime/fiber_local.hpp>

namespace weft::c {

namespace {

failure& last() {
  // Never destroyed: threads that outlive main() may still call.
  static auto& mine = *new fiber_local<failure>;
  return *mine;
}

int note(int code, std::error_code error, const char* what) noexcept {
  try {
    failure& mine = last();
    mine.code = code;
    mine.error = error;
    mine.what = what;
  } catch (const std::bad_alloc&) {
    return code;  // which is all there is, then
  }
  return code;
}

int code_of_weft(int value) noexcept {
  switch (static_cast<errc>(value)) {
    case errc::end_of_stream:
      return WEFT_E_END_OF_STREAM;
    case errc::timed_out:
      return WEFT_E_TIMED_OUT;
    case errc::operation_canceled:
      return WEFT_E_CANCELED;
    case errc::closed:
      return WEFT_E_CLOSED;
    case errc::would_deadlock:
      return WEFT_E_WOULD_DEADLOCK;
    case errc::shutting_down:
      return WEFT_E_NOT_STARTED;
    default:
      return WEFT_E_INTERNAL;
  }
}

int code_of_look_up(int value) noexcept {
  switch (static_cast<resolve_errc>(value)) {
    case resolve_errc::host_not_found:
      return WEFT_E_HOST_NOT_FOUND;
    case resolve_errc::no_address:
      return WEFT_E_NO_ADDRESS;
    case resolve_errc::service_not_found:
      return WEFT_E_SERVICE_NOT_FOUND;
    default:
      return WEFT_E_NO_NAME_SERVER;
  }
}

struct system_code {
  int number;
  int code;
};

constexpr std::array system_codes{
    system_code{EINVAL, WEFT_E_INVALID_ARGUMENT},
    system_code{ENOMEM, WEFT_E_OUT_OF_MEMORY},
    system_code{ETIMEDOUT, WEFT_E_TIMED_OUT},
    system_code{ECANCELED, WEFT_E_CANCELED},
    system_code{EBADF, WEFT_E_CLOSED},
    system_code{EAGAIN, WEFT_E_WOULD_BLOCK},
    system_code{EWOULDBLOCK, WEFT_E_WOULD_BLOCK},  // the same but on Windows
    system_code{ECONNREFUSED, WEFT_E_CONNECTION_REFUSED},
    system_code{ECONNRESET, WEFT_E_CONNECTION_RESET},
    system_code{ECONNABORTED, WEFT_E_CONNECTION_ABORTED},
    system_code{EPIPE, WEFT_E_BROKEN_PIPE},
    system_code{ENOTCONN, WEFT_E_NOT_CONNECTED},
    system_code{EDESTADDRREQ, WEFT_E_NOT_CONNECTED},
    system_code{EISCONN, WEFT_E_ALREADY_CONNECTED},
    system_code{EADDRINUSE, WEFT_E_ADDRESS_IN_USE},
    system_code{EADDRNOTAVAIL, WEFT_E_ADDRESS_NOT_AVAILABLE},
    system_code{ENETUNREACH, WEFT_E_NETWORK_UNREACHABLE},
    system_code{EHOSTUNREACH, WEFT_E_HOST_UNREACHABLE},
    system_code{EACCES, WEFT_E_PERMISSION_DENIED},
    system_code{EPERM, WEFT_E_PERMISSION_DENIED},
    system_code{EMSGSIZE, WEFT_E_MESSAGE_TOO_LONG},
    system_code{ENOENT, WEFT_E_NO_SUCH_FILE},
    system_code{EMFILE, WEFT_E_TOO_MANY_OPEN_FILES},
    system_code{ENFILE, WEFT_E_TOO_MANY_OPEN_FILES},
    system_code{ENOBUFS, WEFT_E_NO_BUFFER_SPACE},
    system_code{EOPNOTSUPP, WEFT_E_NOT_SUPPORTED},
    system_code{ENOTSUP, WEFT_E_NOT_SUPPORTED},
    system_code{ENOPROTOOPT, WEFT_E_NOT_SUPPORTED},
    system_code{EPROTONOSUPPORT, WEFT_E_NOT_SUPPORTED},
    system_code{EAFNOSUPPORT, WEFT_E_NOT_SUPPORTED},
    system_code{ENOSYS, WEFT_E_NOT_SUPPORTED},
};

bool is_systems(const std::error_category& category) noexcept {
  static const std::error_category& of_calls = weft::detail::sys::error_of(-EINVAL).category();
  return category == of_calls || category == std::system_category() ||
         category == std::generic_category();
}

/// errno's number for an error of the system's, which has others as well on Windows; -1: it has
/// none.
int errno_of(std::error_code error) noexcept {
  const std::error_condition same = error.default_error_condition();
  return same.category() == std::generic_category() ? same.value() : -1;
}

std::string text_of(const failure& of) {
  if (of.error) {
    return explain(of.error);
  }
  const std::string text = weft_error_text(of.code);
  return of.what ? std::string(of.what) + ": " + text : text;
}

}  // namespace

int code_of(std::error_code error) noexcept {
  if (error.category() == weft_category()) {
    return code_of_weft(error.value());
  }
  if (error.category() == address_category()) {
    return WEFT_E_BAD_ADDRESS;
  }
  if (error.category() == resolve_category()) {
    return code_of_look_up(error.value());
  }
  if (!is_systems(error.category())) {
    return WEFT_E_INTERNAL;
  }
  const auto* known = std::ranges::find(system_codes, errno_of(error), &system_code::number);
  return known == system_codes.end() ? WEFT_E_SYSTEM : known->code;
}

int failed(std::error_code error) noexcept {
  return note(code_of(error), error, nullptr);
}

int misused(int code, const char* what) noexcept {
  return note(code, {}, what);
}

failure take_failure() {
  failure taken = last();
  if (taken.error) {
    taken.text = explain(taken.error);
  }
  return taken;
}

void leave_failure(const failure& taken) {
  note(taken.code, taken.error, taken.what);
  if (taken.error) {
    weft::detail::note_error(taken.error, taken.text);
  }
}

std::int64_t copy_text(std::string_view text, char* buffer, std::size_t size) noexcept {
  if (size > 0) {
    const std::size_t fits = std::min(text.size(), size - 1);
    std::memcpy(buffer, text.data(), fits);
    buffer[fits] = '\0';
  }
  return static_cast<std::int64_t>(text.size());
}

int code_of_exception() noexcept {
  try {
    throw;
  } catch (const std::bad_alloc&) {
    return misused(WEFT_E_OUT_OF_MEMORY);
  } catch (const std::system_error& e) {
    return failed(e.code());
  } catch (...) {
    return misused(WEFT_E_INTERNAL);
  }
}

}  // namespace weft::c

using namespace weft::c;

extern "C" {

std::int64_t weft_last_error_text(char* buffer, std::size_t size) noexcept {
  if (!buffer && size > 0) {
    return misused(WEFT_E_INVALID_ARGUMENT, "buffer is null");
  }
  return guarded([&]() -> std::int64_t { return copy_text(text_of(last()), buffer, size); });
}

int weft_last_system_error(void) noexcept {
  return guarded([] {
    const std::error_code error = last().error;
    return is_systems(error.category()) ? error.value() : 0;
  });
}
}
