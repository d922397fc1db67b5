#include "socket_option.hpp"

#include <cerrno>

#include <weft/io/detail/syscalls.hpp>

#include "socket.hpp"

namespace weft::detail {

namespace {

std::unexpected<std::error_code> not_supported() noexcept {
  return fail(system_error_of(-EOPNOTSUPP));
}

result<void> as_told(result<void> outcome) noexcept {
  if (!outcome && outcome.error() == std::errc::no_protocol_option) {
    return not_supported();
  }
  return outcome;
}

}  // namespace

result<void> set_option(const io::descriptor& socket, option_name option, const void* value,
                        unsigned size) noexcept {
  if (option.name < 0) {
    return not_supported();
  }
  return as_told(do_on(socket, [&](int fd) noexcept {
    return sys::set_option(fd, option.level, option.name, value, size);
  }));
}

result<void> ask_option(const io::descriptor& socket, option_name option, void* value,
                        unsigned& size) noexcept {
  if (option.name < 0) {
    return not_supported();
  }
  return as_told(do_on(socket, [&](int fd) noexcept {
    return sys::get_option(fd, option.level, option.name, value, &size);
  }));
}

result<void> set_number(const io::descriptor& socket, option_name option, int value) noexcept {
  return set_value(socket, option, value);
}

result<int> number(const io::descriptor& socket, option_name option) noexcept {
  int value = 0;
  unsigned size = sizeof value;
  const auto asked = ask_option(socket, option, &value, size);
  return asked ? result<int>(value) : fail(asked.error());
}

result<void> needs_option(const io::descriptor& socket, option_name option) noexcept {
  const auto asked = number(socket, option);
  return asked ? result<void>() : fail(asked.error());
}

}  // namespace weft::detail
