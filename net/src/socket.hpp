#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <weft/io/descriptor.hpp>
#include <weft/net/endpoint.hpp>
#include <weft/runtime/result.hpp>

/// What the kinds of sockets share.
namespace weft::detail {

std::error_code system_error_of(std::ptrdiff_t result) noexcept;

/// Makes a system call that does not wait, on a handle that is not closed meanwhile. `closed` when
/// it is closed already.
template <class Call>
result<int> call_on(const io::descriptor& socket, Call&& call) noexcept {
  const auto handle = socket.borrow();
  if (!handle) {
    return fail(errc::closed);
  }
  const int value = call(handle.native_handle());
  return value < 0 ? result<int>(fail(system_error_of(value))) : value;
}

/// The same for a call that returns nothing but success.
template <class Call>
result<void> do_on(const io::descriptor& socket, Call&& call) noexcept {
  const auto done = call_on(socket, call);
  return done ? result<void>() : fail(done.error());
}

/// A non-blocking, close-on-exec socket.
result<io::descriptor> open_socket(int family, int type) noexcept;
result<void> set_flag(const io::descriptor& socket, int level, int option, bool on) noexcept;
result<bool> flag(const io::descriptor& socket, int level, int option) noexcept;
result<void> set_number(const io::descriptor& socket, int level, int option, int value) noexcept;
result<int> number(const io::descriptor& socket, int level, int option) noexcept;

result<endpoint> local_endpoint_of(const io::descriptor& socket) noexcept;
result<endpoint> peer_endpoint_of(const io::descriptor& socket) noexcept;

/// Whether the error means that the process or the system has run out of something, which may be
/// there again in a moment.
bool is_shortage(std::error_code error) noexcept;

int family_of(const endpoint& where) noexcept;

/// Fails with `error` and leaves the note `verb where: message (hint)` for explain().
std::unexpected<std::error_code> fail_with_note(std::error_code error, std::string_view verb,
                                                std::string_view where,
                                                std::string_view hint = {}) noexcept;

}  // namespace weft::detail
