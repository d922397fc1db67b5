#include <array>

#include <weft/net/address_errc.hpp>
#include <weft/net/listen_options.hpp>
#include <weft/net/resolve.hpp>
#include <weft/net/tcp_socket.hpp>

#include "apply_options.hpp"
#include "socket.hpp"
#include "system_hints.hpp"

namespace weft {

namespace {

std::string_view hint_for(std::error_code error) noexcept {
  if (error == std::errc::permission_denied) {
    return detail::hints.port_denied;
  }
  if (error == std::errc::address_in_use) {
    return "another program listens there; port 0 picks a free one";
  }
  if (error == std::errc::address_not_available) {
    return "no interface of this machine has that address";
  }
  return {};
}

result<void> prepare(const tcp_socket& socket, const endpoint& where,
                     const listen_options& options) noexcept {
  result<void> done = socket.set_reuse_address(options.reuse_address);
  if (done && options.reuse_port) {
    done = socket.set_reuse_port(true);
  }
  if (done && where.is_v6()) {
    done = socket.set_v6_only(options.v6_only);
  }
  if (done) {
    done = detail::apply_common(socket, options);
  }
  detail::apply(done, options.fast_open_queue,
                [&](int size) { return socket.set_fast_open_queue(size); });
  detail::apply(done, options.defer_accept,
                [&](auto time) { return socket.set_defer_accept(time); });
  return done;
}

result<tcp_listener> make_listener(const endpoint& where, const listen_options& options) noexcept {
  auto socket = tcp_socket::open_for(where);
  if (!socket) {
    return fail(socket.error());
  }
  if (auto prepared = prepare(*socket, where, options); !prepared) {
    return fail(prepared.error());
  }
  if (auto bound = socket->bind(where); !bound) {
    return fail(bound.error());
  }
  return std::move(*socket).listen(options.backlog);
}

}  // namespace

result<tcp_listener> listen(const endpoint& where, const listen_options& options) noexcept {
  auto made = make_listener(where, options);
  if (!made) {
    std::array<char, endpoint::text_capacity> text;
    return detail::fail_with_note(made.error(), "listen", where.format_to(text),
                                  hint_for(made.error()));
  }
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
