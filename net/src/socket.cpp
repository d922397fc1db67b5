#include "socket.hpp"

#include <cerrno>
#include <new>

#include <sys/socket.h>

#include <weft/io/detail/syscalls.hpp>
#include <weft/net/native_endpoint.hpp>
#include <weft/runtime/errc.hpp>
#include <weft/runtime/explain.hpp>

namespace weft::detail {

std::error_code system_error_of(std::ptrdiff_t result) noexcept {
  // As of operations: somebody has closed the native handle.
  return result == -EBADF ? make_error_code(errc::closed) : sys::error_of(result);
}

result<io::descriptor> open_socket(int family, int type) noexcept {
  const int fd = sys::socket(family, type, 0);
  if (fd < 0) {
    return fail(system_error_of(fd));
  }
  try {
    return io::descriptor::adopt_nonblocking(fd);
  } catch (const std::bad_alloc&) {
    sys::close(fd);
    return fail(std::make_error_code(std::errc::not_enough_memory));
  }
}

namespace {

/// One word for what this system has never heard of, whichever number it says so with.
std::error_code error_of_option(std::error_code error) noexcept {
  if (error == std::errc::no_protocol_option) {
    return system_error_of(-EOPNOTSUPP);
  }
  return error;
}

}  // namespace

result<void> set_number(const io::descriptor& socket, int level, int option, int value) noexcept {
  const auto set = do_on(socket, [&](int fd) noexcept {
    return sys::set_option(fd, level, option, &value, sizeof value);
  });
  return set ? set : fail(error_of_option(set.error()));
}

result<int> number(const io::descriptor& socket, int level, int option) noexcept {
  int value = 0;
  unsigned size = sizeof value;
  const auto asked = do_on(
      socket, [&](int fd) noexcept { return sys::get_option(fd, level, option, &value, &size); });
  return asked ? result<int>(value) : fail(error_of_option(asked.error()));
}

result<void> set_flag(const io::descriptor& socket, int level, int option, bool on) noexcept {
  return set_number(socket, level, option, on ? 1 : 0);
}

result<bool> flag(const io::descriptor& socket, int level, int option) noexcept {
  const auto value = number(socket, level, option);
  return value ? result<bool>(*value != 0) : fail(value.error());
}

namespace {

using name_call = int (*)(int, sockaddr*, unsigned*) noexcept;

result<endpoint> name_of(const io::descriptor& socket, name_call ask) noexcept {
  native_endpoint name;
  unsigned size = native_endpoint::capacity();
  const auto asked = do_on(socket, [&](int fd) noexcept { return ask(fd, name.data(), &size); });
  if (!asked) {
    return fail(asked.error());
  }
  name.resize(size);
  return name.to_endpoint();
}

}  // namespace

result<endpoint> local_endpoint_of(const io::descriptor& socket) noexcept {
  return name_of(socket, &sys::local_name);
}

result<endpoint> peer_endpoint_of(const io::descriptor& socket) noexcept {
  return name_of(socket, &sys::peer_name);
}

bool is_shortage(std::error_code error) noexcept {
  return error == std::errc::too_many_files_open ||
         error == std::errc::too_many_files_open_in_system || error == std::errc::no_buffer_space ||
         error == std::errc::not_enough_memory;
}

int family_of(const endpoint& where) noexcept {
  return where.is_v4() ? AF_INET : AF_INET6;
}

std::unexpected<std::error_code> fail_with_note(std::error_code error, std::string_view verb,
                                                std::string_view where,
                                                std::string_view hint) noexcept {
  try {
    std::string note;
    note.append(verb).append(" ").append(where).append(": ").append(error.message());
    if (!hint.empty()) {
      note.append(" (").append(hint).append(")");
    }
    note_error(error, note);
  } catch (const std::bad_alloc&) {  // NOLINT(bugprone-empty-catch)
    // The code alone has to do.
  }
  return fail(error);
}

}  // namespace weft::detail
