#include <array>
#include <optional>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <weft/net/address_errc.hpp>
#include <weft/net/native_endpoint.hpp>
#include <weft/net/resolve.hpp>
#include <weft/net/tcp.hpp>

#include "socket.hpp"

namespace weft {

namespace {

std::string_view hint_for(std::error_code error) noexcept {
  if (error == std::errc::connection_refused) {
    return "nothing listens there";
  }
  return {};
}

result<void> establish(const io::descriptor& socket, const endpoint& where,
                       const connect_options& options) noexcept {
  if (options.no_delay) {
    if (auto set = detail::set_flag(socket, IPPROTO_TCP, TCP_NODELAY, true); !set) {
      return set;
    }
  }
  native_endpoint address(where);
  unsigned size = address.size();
  io::operation op{.code = io::opcode::connect, .data = address.data(), .address_size = &size};
  if (auto connected = socket.perform(op); !connected) {
    return fail(connected.error());
  }
  return {};
}

bool scope_ended(std::error_code error) noexcept {
  return error == make_error_code(errc::operation_canceled) ||
         error == make_error_code(errc::timed_out);
}

}  // namespace

result<tcp_stream> connect(const endpoint& where, const connect_options& options) noexcept {
  result<void> done;
  auto socket = detail::open_socket(detail::family_of(where), SOCK_STREAM);
  done = socket ? establish(*socket, where, options) : fail(socket.error());
  if (!done) {
    std::array<char, endpoint::text_capacity> text;
    return detail::fail_with_note(done.error(), "connect", where.format_to(text),
                                  hint_for(done.error()));
  }
  return tcp_stream::from(std::move(*socket));
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
  std::optional<std::error_code> first_error;
  for (const endpoint& candidate : *found) {
    auto stream = connect(candidate, options);
    if (stream || scope_ended(stream.error())) {
      return stream;
    }
    first_error = first_error.value_or(stream.error());
  }
  return detail::fail_with_note(*first_error, "connect", where, hint_for(*first_error));
}

}  // namespace weft
