#include <mutex>
#include <string>
#include <variant>

#include <weft/ffi/weft.h>
#include <weft/net/host_port.hpp>

#include "arguments.hpp"
#include "objects.hpp"
#include "socket_object.hpp"

/// The classic steps, and what all sockets can be asked.
using namespace weft::c;

namespace {

/// Splits an address as a classic socket wants it: a path or name has no port.
weft::result<void> split(const weft::socket& s, std::string_view text, std::string_view& host,
                         std::uint16_t& port) {
  host = text;
  port = 0;
  if (s.domain() == weft::socket_domain::local) {
    return {};
  }
  if (s.type() == weft::socket_type::raw) {
    return {};  // IP knows no ports
  }
  const auto parts = weft::split_host_port(text);
  if (!parts) {
    return weft::fail(parts.error());
  }
  const auto number = weft::parse_port(parts->port);
  if (!number) {
    return weft::fail(number.error());
  }
  host = parts->host;
  port = *number;
  return {};
}

weft::result<void> connect(weft::socket& s, std::string_view text) {
  std::string_view host;
  std::uint16_t port = 0;
  if (auto parts = split(s, text, host, port); !parts) {
    return parts;
  }
  return s.connect(host, port);
}
weft::result<void> connect(weft::udp_socket& s, std::string_view text) {
  return s.connect(text);
}
weft::result<void> connect(weft::unix_datagram& s, std::string_view text) {
  return s.connect(text);
}

int find_classic(weft_handle handle, pinned<socket_object>& s, weft::socket*& classic) noexcept {
  if (const int error = find(handle, s)) {
    return misused(error);
  }
  classic = std::get_if<weft::socket>(&s->any);
  return classic ? WEFT_OK : misused(WEFT_E_WRONG_KIND, "not a socket of weft_socket()");
}

int finish(const weft::result<void>& done) noexcept {
  return done ? WEFT_OK : failed(done.error());
}

/// Writes an address that `ask` gets from a socket.
template <class Ask>
std::int64_t address_of(weft_handle handle, char* buffer, std::size_t size, Ask ask) noexcept {
  return guarded([&]() -> std::int64_t {
    if (const int error = check_memory(buffer, size)) {
      return error;
    }
    pinned<socket_object> s;
    if (const int error = find(handle, s)) {
      return misused(error);
    }
    weft::result<std::string> text = std::visit(ask, s->any);
    return text ? copy_text(*text, buffer, size) : failed(text.error());
  });
}

template <class Address>
weft::result<std::string> text_of(const weft::result<Address>& address) {
  if (!address) {
    return weft::fail(address.error());
  }
  if constexpr (std::is_same_v<Address, weft::socket_address>) {
    return std::visit([](const auto& which) { return which.to_string(); }, *address);
  } else {
    return address->to_string();
  }
}

}  // namespace

extern "C" {

weft_handle weft_socket(int domain, int type, int protocol) noexcept {
  return guarded([&]() -> weft_handle {
    if (domain < WEFT_IPV4 || domain > WEFT_LOCAL || type < WEFT_STREAM || type > WEFT_RAW ||
        protocol < 0) {
      return misused(WEFT_E_INVALID_ARGUMENT, "no such domain, type or protocol");
    }
    auto made = weft::socket::open(static_cast<weft::socket_domain>(domain),
                                   static_cast<weft::socket_type>(type), protocol);
    return made ? opened<socket_object>(std::move(*made)) : failed(made.error());
  });
}

int weft_bind(weft_handle handle, const char* address) noexcept {
  return guarded([&]() -> int {
    std::string_view where;
    if (const int error = read_text(address, where)) {
      return error;
    }
    pinned<socket_object> s;
    weft::socket* classic = nullptr;
    if (const int error = find_classic(handle, s, classic)) {
      return error;
    }
    return as_fiber([&]() -> int {
      std::string_view host;
      std::uint16_t port = 0;
      if (auto parts = split(*classic, where, host, port); !parts) {
        return failed(parts.error());
      }
      const std::lock_guard hold(s->setup);
      return finish(classic->bind(host, port));
    });
  });
}

int weft_listen(weft_handle handle, int backlog) noexcept {
  pinned<socket_object> s;
  weft::socket* classic = nullptr;
  if (const int error = find_classic(handle, s, classic)) {
    return error;
  }
  if (backlog < 0) {
    return misused(WEFT_E_INVALID_ARGUMENT, "backlog is negative");
  }
  return finish(classic->listen(backlog));
}

int weft_connect(weft_handle handle, const char* address, std::int64_t timeout,
                 weft_handle cancel) noexcept {
  return guarded([&]() -> int {
    std::string_view where;
    if (const int error = read_text(address, where)) {
      return error;
    }
    pinned<socket_object> s;
    if (const int error = find(handle, s)) {
      return misused(error);
    }
    limits how;
    if (const int error = read_limits(timeout, cancel, how)) {
      return error;
    }
    return std::visit(
        [&](auto& socket) -> int {
          if constexpr (requires { connect(socket, where); }) {
            return as_fiber([&]() -> int {
              const auto done = within(how, [&] { return connect(socket, where); });
              return done ? WEFT_OK : how.failed(done.error());
            });
          } else {
            return misused(WEFT_E_WRONG_KIND, "the socket is connected, or listens");
          }
        },
        s->any);
  });
}

int weft_shutdown(weft_handle handle, int sides) noexcept {
  pinned<socket_object> s;
  if (const int error = find(handle, s)) {
    return misused(error);
  }
  if (sides < WEFT_SHUTDOWN_READ || sides > WEFT_SHUTDOWN_BOTH) {
    return misused(WEFT_E_INVALID_ARGUMENT, "no such sides");
  }
  const auto which = sides == WEFT_SHUTDOWN_READ    ? weft::socket_side::read
                     : sides == WEFT_SHUTDOWN_WRITE ? weft::socket_side::write
                                                    : weft::socket_side::both;
  if (const auto* stream = s->stream()) {
    return finish(stream->shutdown(which));
  }
  return s->is_stream() ? shut_down(s->descriptor(), which)
                        : misused(WEFT_E_WRONG_KIND, "not a stream");
}

std::int64_t weft_local_address(weft_handle socket, char* buffer, std::size_t size) noexcept {
  return address_of(socket, buffer, size, [](const auto& s) {
    if constexpr (requires { s.local_endpoint(); }) {
      return text_of(s.local_endpoint());
    } else {
      return text_of(s.local_address());
    }
  });
}

std::int64_t weft_peer_address(weft_handle socket, char* buffer, std::size_t size) noexcept {
  return address_of(socket, buffer, size, [](const auto& s) -> weft::result<std::string> {
    if constexpr (requires { s.peer_endpoint(); }) {
      return text_of(s.peer_endpoint());
    } else if constexpr (requires { s.peer_address(); }) {
      return text_of(s.peer_address());
    } else {
      return weft::fail(std::make_error_code(std::errc::not_connected));
    }
  });
}

std::int64_t weft_native_handle(weft_handle handle) noexcept {
  pinned<socket_object> s;
  if (const int error = find(handle, s)) {
    return misused(error);
  }
  const int native = s->descriptor().native_handle();
  return native < 0 ? failed(weft::errc::closed) : native;
}
}
