#include <algorithm>
#include <array>
#include <cerrno>
#include <new>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <weft/io/detail/syscalls.hpp>
#include <weft/net/address_errc.hpp>
#include <weft/net/native_endpoint.hpp>
#include <weft/net/resolve.hpp>
#include <weft/net/tcp.hpp>
#include <weft/runtime/sleep.hpp>

#include "socket.hpp"

namespace weft {

namespace {

/// Whether the error is that of a connection that was to be accepted, not the listener's: on Linux
/// accept() reports what has happened to the connection meanwhile.
bool peer_gave_up(std::error_code error) noexcept {
  if (error.category() != std::system_category()) {
    return false;
  }
  switch (error.value()) {
    case ECONNABORTED:
    case EPROTO:
    case ENETDOWN:
    case ENETUNREACH:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case ENONET:
    case ENOPROTOOPT:
      return true;
    default:
      return false;
  }
}

bool out_of_descriptors(std::error_code error) noexcept {
  return error == std::errc::too_many_files_open ||
         error == std::errc::too_many_files_open_in_system || error == std::errc::no_buffer_space ||
         error == std::errc::not_enough_memory;
}

result<tcp_stream> adopt(std::size_t fd) noexcept {
  try {
    return tcp_stream::from(io::descriptor::adopt_nonblocking(static_cast<int>(fd)));
  } catch (const std::bad_alloc&) {
    detail::sys::close(static_cast<int>(fd));
    return fail(std::make_error_code(std::errc::not_enough_memory));
  }
}

std::string_view hint_for(std::error_code error) noexcept {
  if (error == std::errc::permission_denied) {
    return "ports below 1024 need CAP_NET_BIND_SERVICE";
  }
  if (error == std::errc::address_in_use) {
    return "another program listens there; port 0 picks a free one";
  }
  if (error == std::errc::address_not_available) {
    return "no interface of this machine has that address";
  }
  return {};
}

result<void> prepare(const io::descriptor& socket, const endpoint& where,
                     const listen_options& options) noexcept {
  if (auto set = detail::set_flag(socket, SOL_SOCKET, SO_REUSEADDR, options.reuse_address); !set) {
    return set;
  }
  if (options.reuse_port) {
    if (auto set = detail::set_flag(socket, SOL_SOCKET, SO_REUSEPORT, true); !set) {
      return set;
    }
  }
  if (where.is_v6()) {
    if (auto set = detail::set_flag(socket, IPPROTO_IPV6, IPV6_V6ONLY, options.v6_only); !set) {
      return set;
    }
  }
  // Accepted sockets inherit it: one call instead of one a connection.
  return detail::set_flag(socket, IPPROTO_TCP, TCP_NODELAY, options.no_delay);
}

result<void> start(const io::descriptor& socket, const endpoint& where, int backlog) noexcept {
  const native_endpoint address(where);
  const auto bound = detail::do_on(socket, [&](int fd) noexcept {
    return detail::sys::bind(fd, address.data(), address.size());
  });
  if (!bound) {
    return bound;
  }
  return detail::do_on(socket, [&](int fd) noexcept {
    return detail::sys::listen(fd, backlog > 0 ? backlog : SOMAXCONN);
  });
}

}  // namespace

result<tcp_stream> tcp_listener::accept() const noexcept {
  duration pause = std::chrono::milliseconds(5);
  for (;;) {
    io::operation op{.code = io::opcode::accept};
    auto accepted = descriptor_.perform(op);
    if (accepted) {
      return adopt(*accepted);
    }
    if (peer_gave_up(accepted.error())) {
      continue;
    }
    if (!out_of_descriptors(accepted.error())) {
      return fail(accepted.error());
    }
    if (auto slept = sleep_for(pause); !slept) {
      return fail(slept.error());
    }
    pause = std::min<duration>(pause * 2, std::chrono::seconds(1));
  }
}

result<tcp_stream> tcp_listener::try_accept() const noexcept {
  for (;;) {
    io::operation op{.code = io::opcode::accept};
    auto accepted = descriptor_.try_perform(op);
    if (accepted) {
      return adopt(*accepted);
    }
    if (!peer_gave_up(accepted.error())) {
      return fail(accepted.error());
    }
  }
}

result<endpoint> tcp_listener::local_endpoint() const noexcept {
  return detail::local_endpoint_of(descriptor_);
}

result<tcp_listener> listen(const endpoint& where, const listen_options& options) noexcept {
  result<void> done;
  auto socket = detail::open_socket(detail::family_of(where), SOCK_STREAM);
  if (!socket) {
    done = fail(socket.error());
  } else if (done = prepare(*socket, where, options); done) {
    done = start(*socket, where, options.backlog);
  }
  if (!done) {
    std::array<char, endpoint::text_capacity> text;
    return detail::fail_with_note(done.error(), "listen", where.format_to(text),
                                  hint_for(done.error()));
  }
  tcp_listener made;
  made.descriptor_ = std::move(*socket);
  return made;
}

result<tcp_listener> listen(std::string_view where, const listen_options& options) {
  auto parsed = endpoint::parse(where);
  if (!parsed && parsed.error() == address_errc::host_name) {
    parsed = resolve_first(where);
  }
  if (!parsed) {
    return detail::fail_with_note(parsed.error(), "listen", where);
  }
  return listen(*parsed, options);
}

}  // namespace weft
