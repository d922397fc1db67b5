#include <algorithm>
#include <array>
#include <cerrno>
#include <new>

#include <sys/socket.h>

#include <weft/io/detail/syscalls.hpp>
#include <weft/net/unix_listener.hpp>
#include <weft/runtime/sleep.hpp>

#include "socket.hpp"
#include "unix_socket.hpp"

namespace weft {

namespace {

result<unix_stream> adopt(std::size_t fd) noexcept {
  try {
    return unix_stream::from(io::descriptor::adopt_nonblocking(static_cast<int>(fd)));
  } catch (const std::bad_alloc&) {
    detail::sys::close(static_cast<int>(fd));
    return fail(std::make_error_code(std::errc::not_enough_memory));
  }
}

/// Of the connection that was to be accepted, not of the listener.
bool peer_gave_up(std::error_code error) noexcept {
  return error == std::errc::connection_aborted;
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
  duration pause = std::chrono::milliseconds(5);
  for (;;) {
    io::operation op{.code = io::opcode::accept};
    const auto accepted = descriptor_.perform(op);
    if (accepted) {
      return adopt(*accepted);
    }
    if (peer_gave_up(accepted.error())) {
      continue;
    }
    if (!detail::is_shortage(accepted.error())) {
      return fail(accepted.error());
    }
    if (auto slept = sleep_for(pause); !slept) {
      return fail(slept.error());
    }
    pause = std::min<duration>(pause * 2, std::chrono::seconds(1));
  }
}

result<unix_stream> unix_listener::try_accept() const noexcept {
  for (;;) {
    io::operation op{.code = io::opcode::accept};
    const auto accepted = descriptor_.try_perform(op);
    if (accepted) {
      return adopt(*accepted);
    }
    if (!peer_gave_up(accepted.error())) {
      return fail(accepted.error());
    }
  }
}

result<unix_endpoint> unix_listener::local_endpoint() const noexcept {
  return detail::unix_local_endpoint_of(descriptor_);
}

}  // namespace weft
