#include <array>
#include <utility>

#include <sys/socket.h>

#include <weft/io/detail/syscalls.hpp>
#include <weft/net/unix_listener.hpp>

#include "accept.hpp"
#include "socket.hpp"
#include "unix_socket.hpp"

namespace weft {

namespace {

result<unix_stream> stream_on(result<io::descriptor> accepted) noexcept {
  return accepted ? result<unix_stream>(unix_stream::from(std::move(*accepted)))
                  : fail(accepted.error());
}

}  // namespace

result<unix_listener> unix_listener::listen(const unix_endpoint& where,
                                            const unix_options& options) noexcept {
  auto socket = detail::open_socket(AF_UNIX, SOCK_STREAM);
  auto path = socket ? detail::take_path(*socket, where, options) : fail(socket.error());
  if (path) {
    const auto listening = detail::do_on(*socket, [&](int fd) noexcept {
      return detail::sys::listen(fd, options.backlog > 0 ? options.backlog : SOMAXCONN);
    });
    if (!listening) {
      path = fail(listening.error());
    }
  }
  if (!path) {
    std::array<char, unix_endpoint::text_capacity> text;
    return detail::fail_with_note(path.error(), "listen", where.format_to(text),
                                  detail::hint_for_unix(path.error()));
  }
  unix_listener made;
  made.descriptor_ = std::move(*socket);
  made.path_ = std::move(*path);
  return made;
}

result<unix_listener> unix_listener::listen(std::string_view where,
                                            const unix_options& options) noexcept {
  const auto parsed = unix_endpoint::parse(where);
  return parsed ? listen(*parsed, options) : fail(parsed.error());
}

result<unix_stream> unix_listener::accept() const noexcept {
  return stream_on(detail::accept_on(descriptor_, nullptr, nullptr));
}

result<unix_stream> unix_listener::try_accept() const noexcept {
  return stream_on(detail::try_accept_on(descriptor_));
}

result<unix_endpoint> unix_listener::local_endpoint() const noexcept {
  return detail::unix_local_endpoint_of(descriptor_);
}

}  // namespace weft
