#include <array>

#include <weft/net/address_errc.hpp>
#include <weft/net/connect_options.hpp>
#include <weft/net/resolve.hpp>
#include <weft/net/tcp_socket.hpp>

#include "apply_options.hpp"
#include "socket.hpp"

namespace weft {

namespace {

std::string_view hint_for(std::error_code error) noexcept {
  if (error == std::errc::connection_refused) {
    return "nothing listens there";
  }
  if (error == std::errc::address_not_available) {
    return "no port is free to connect from, or no interface has the address";
  }
  if (error == std::errc::too_many_files_open) {
    return "the process has as many descriptors as it may: see ulimit -n";
  }
  return {};
}

/// What else may be wrong with one address, and with what it shall be reached from.
std::string_view hint_for(std::error_code error, const endpoint& where,
                          const connect_options& options) noexcept {
  const ip_address& address = where.address();
  if (error == std::errc::invalid_argument && address.is_v6() && address.is_link_local() &&
      address.scope_id() == 0) {
    return "a link-local address is one of an interface: write it as in [fe80::1%eth0]:80";
  }
  if (error == std::errc::no_such_device && !options.interface_name.empty()) {
    return "this machine has no interface of the name that was asked for";
  }
  if (error == std::errc::address_family_not_supported && options.source &&
      options.source->is_v6() != where.is_v6()) {
    return "the source is an address of the other family";
  }
  return hint_for(error);
}

result<void> take_source(const tcp_socket& socket, const connect_options& options) noexcept {
  if (!options.source) {
    return {};
  }
  if (options.source->port() == 0) {
    // An older system chooses the port a little early, and that is all.
    (void)socket.set_late_source_port(true);
  }
  return socket.bind(*options.source);
}

result<void> prepare(const tcp_socket& socket, const connect_options& options) noexcept {
  result<void> done = detail::apply_common(socket, options);
  if (done && options.reuse_address) {
    done = socket.set_reuse_address(true);
  }
  if (done && options.fast_open) {
    done = socket.set_fast_open(true);
  }
  return done ? take_source(socket, options) : done;
}

result<tcp_stream> make_connection(const endpoint& where, const connect_options& options) noexcept {
  auto socket = tcp_socket::open_for(where);
  if (!socket) {
    return fail(socket.error());
  }
  if (auto prepared = prepare(*socket, options); !prepared) {
    return fail(prepared.error());
  }
  return std::move(*socket).connect(where);
}

}  // namespace

result<tcp_stream> connect(const endpoint& where, const connect_options& options) noexcept {
  auto made = make_connection(where, options);
  if (!made) {
    std::array<char, endpoint::text_capacity> text;
    return detail::fail_with_note(made.error(), "connect", where.format_to(text),
                                  hint_for(made.error(), where, options));
  }
  return made;
}

result<tcp_stream> connect(std::string_view where, const connect_options& options) {
  auto parsed = endpoint::parse(where);
  if (parsed) {
    return connect(*parsed, options);
  }
  if (parsed.error() != address_errc::host_name) {
    return detail::fail_with_note(parsed.error(), "connect", where);
  }
  auto found = resolve(where);
  if (!found) {
    return detail::fail_with_note(found.error(), "connect", where);
  }
  auto made = connect(*found, options);
  if (!made) {
    return detail::fail_with_note(made.error(), "connect", where, hint_for(made.error()));
  }
  return made;
}

}  // namespace weft
