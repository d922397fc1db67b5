#include <algorithm>
#include <array>
#include <variant>

#include <weft/ffi/weft.h>

#include "arguments.hpp"
#include "objects.hpp"
#include "socket_object.hpp"

/// Datagrams with the address that they come from or go to.
using namespace weft::c;

namespace {

using weft::io::direction;

void write_address(const weft::endpoint& from, char* text, std::size_t size) noexcept {
  std::array<char, weft::endpoint::text_capacity> room;
  copy_text(from.format_to(room), text, size);
}
void write_address(const weft::unix_endpoint& from, char* text, std::size_t size) noexcept {
  std::array<char, weft::unix_endpoint::text_capacity> room;
  copy_text(from.format_to(room), text, size);
}
void write_address(const weft::socket_address& from, char* text, std::size_t size) noexcept {
  std::visit([&](const auto& which) { write_address(which, text, size); }, from);
}

/// Calls `f(socket, received)`, which does one kind of receiving, for the kinds that have it.
template <class F>
std::int64_t receive_from(socket_object& s, std::span<std::byte> buffer, const limits& how, F f) {
  const auto finish = [&](const auto& done) -> std::int64_t {
    if (!done) {
      return done.error() == weft::errc::end_of_stream ? 0 : how.failed(done.error());
    }
    f(done->from);
    return done->truncated ? failed(std::make_error_code(std::errc::message_size))
                           : static_cast<std::int64_t>(done->size);
  };
  return std::visit(
      [&](const auto& socket) -> std::int64_t {
        if constexpr (requires { socket.try_receive_from(buffer); }) {
          return finish(transfer(
              s, direction::in, how, [&] { return socket.try_receive_from(buffer); },
              [&] { return socket.receive_from(buffer); }));
        } else if constexpr (requires { socket.recvfrom(buffer); }) {
          const auto call = [&] { return socket.recvfrom(buffer); };
          return finish(transfer(
              s, direction::in, how, [&] { return when_ready(s, direction::in, call); }, call));
        } else {
          return misused(WEFT_E_WRONG_KIND, "not a datagram socket");
        }
      },
      s.any);
}

weft::result<weft::socket_address> address_in(weft::socket_domain domain, std::string_view text) {
  if (domain == weft::socket_domain::local) {
    const auto parsed = weft::unix_endpoint::parse(text);
    return parsed ? weft::result<weft::socket_address>(*parsed) : weft::fail(parsed.error());
  }
  const auto parsed = weft::endpoint::parse(text);
  return parsed ? weft::result<weft::socket_address>(*parsed) : weft::fail(parsed.error());
}

template <class Socket>
auto address_for(const Socket& socket, std::string_view text) {
  if constexpr (std::is_same_v<Socket, weft::udp_socket>) {
    return weft::endpoint::parse(text);
  } else if constexpr (std::is_same_v<Socket, weft::unix_datagram>) {
    return weft::unix_endpoint::parse(text);
  } else {
    return address_in(socket.domain(), text);
  }
}

std::int64_t send_to(socket_object& s, std::span<const std::byte> data, std::string_view where,
                     const limits& how) {
  return std::visit(
      [&](const auto& socket) -> std::int64_t {
        using kind = std::remove_cvref_t<decltype(socket)>;
        if constexpr (std::is_same_v<kind, weft::udp_socket> ||
                      std::is_same_v<kind, weft::unix_datagram> ||
                      std::is_same_v<kind, weft::socket>) {
          const auto to = address_for(socket, where);
          if (!to) {
            return failed(to.error());
          }
          if constexpr (requires { socket.try_send_to(data, *to); }) {
            const auto done = transfer(
                s, direction::out, how, [&] { return socket.try_send_to(data, *to); },
                [&] { return socket.send_to(data, *to); });
            return done ? static_cast<std::int64_t>(data.size()) : how.failed(done.error());
          } else {
            const auto call = [&] { return socket.sendto(data, *to); };
            const auto done = transfer(
                s, direction::out, how, [&] { return when_ready(s, direction::out, call); }, call);
            return done ? static_cast<std::int64_t>(*done) : how.failed(done.error());
          }
        } else {
          return misused(WEFT_E_WRONG_KIND, "not a datagram socket");
        }
      },
      s.any);
}

int check_common(weft_handle handle, const void* data, std::size_t size, std::int64_t timeout,
                 weft_handle cancel, pinned<socket_object>& s, limits& how) noexcept {
  if (const int error = check_memory(data, size)) {
    return error;
  }
  if (const int error = find(handle, s)) {
    return misused(error);
  }
  return read_limits(timeout, cancel, how);
}

}  // namespace

extern "C" {

std::int64_t weft_recv_from(weft_handle socket, void* buffer, std::size_t size, char* from,
                            std::size_t from_size, std::int64_t timeout,
                            weft_handle cancel) noexcept {
  return guarded([&]() -> std::int64_t {
    pinned<socket_object> s;
    limits how;
    if (const int error = check_common(socket, buffer, size, timeout, cancel, s, how)) {
      return error;
    }
    if (!from && from_size > 0) {
      return misused(WEFT_E_INVALID_ARGUMENT, "from is null");
    }
    return receive_from(*s, writable(buffer, size), how,
                        [&](const auto& whom) { write_address(whom, from, from_size); });
  });
}

std::int64_t weft_send_to(weft_handle socket, const void* data, std::size_t size, const char* to,
                          std::int64_t timeout, weft_handle cancel) noexcept {
  return guarded([&]() -> std::int64_t {
    pinned<socket_object> s;
    limits how;
    if (const int error = check_common(socket, data, size, timeout, cancel, s, how)) {
      return error;
    }
    std::string_view where;
    if (const int error = read_text(to, where)) {
      return error;
    }
    return send_to(*s, readable(data, size), where, how);
  });
}
}
