#include <optional>
#include <string_view>

#include <weft/ffi/weft.h>
#include <weft/net/resolve.hpp>

#include "arguments.hpp"
#include "objects.hpp"
#include "options.hpp"
#include "socket_object.hpp"

/// Sockets that come into being in one call. All that may look names up or touch files runs in a
/// fiber.
using namespace weft::c;

namespace {

template <class Socket>
weft_handle adopt(weft::result<Socket> made, const limits& how = {}) {
  return made ? opened<socket_object>(std::move(*made)) : how.failed(made.error());
}

template <class Make>
weft_handle connect_by(const char* address, std::int64_t timeout, weft_handle cancel, Make make) {
  return guarded([&]() -> weft_handle {
    std::string_view where;
    if (const int error = read_text(address, where)) {
      return error;
    }
    limits how;
    if (const int error = read_limits(timeout, cancel, how)) {
      return error;
    }
    return as_fiber([&] { return adopt(within(how, [&] { return make(where); }), how); });
  });
}

template <class Make>
weft_handle listen_by(const char* address, const weft_listen_options* options, Make make) {
  return guarded([&]() -> weft_handle {
    std::string_view where;
    if (const int error = read_text(address, where)) {
      return error;
    }
    weft_listen_options wanted{};
    if (const int error = read_options(options, wanted)) {
      return error;
    }
    if (wanted.flags & ~std::uint32_t{WEFT_LISTEN_REUSE_PORT | WEFT_LISTEN_V6_ONLY}) {
      return misused(WEFT_E_UNKNOWN_OPTION, "weft_listen_options.flags");
    }
    if (wanted.backlog > INT32_MAX || wanted.mode > 07777) {
      return misused(WEFT_E_INVALID_ARGUMENT, "weft_listen_options: a number is out of range");
    }
    return as_fiber([&] { return adopt(make(where, wanted)); });
  });
}

/// `address` may be null: a socket without an address.
template <class Bind, class Unbound>
weft_handle datagrams_by(const char* address, Bind bind, Unbound unbound) {
  return guarded([&]() -> weft_handle {
    if (!address) {
      return adopt(unbound());
    }
    std::string_view where;
    if (const int error = read_text(address, where)) {
      return error;
    }
    return as_fiber([&] { return adopt(bind(where)); });
  });
}

}  // namespace

extern "C" {

weft_handle weft_tcp_connect(const char* address, std::int64_t timeout,
                             weft_handle cancel) noexcept {
  return connect_by(address, timeout, cancel,
                    [](std::string_view where) { return weft::connect(where); });
}

weft_handle weft_unix_connect(const char* address, std::int64_t timeout,
                              weft_handle cancel) noexcept {
  return connect_by(address, timeout, cancel,
                    [](std::string_view where) { return weft::unix_stream::connect(where); });
}

weft_handle weft_tcp_listen(const char* address, const weft_listen_options* options) noexcept {
  return listen_by(address, options, [](std::string_view where, const weft_listen_options& wanted) {
    return weft::listen(where, {.backlog = static_cast<int>(wanted.backlog),
                                .reuse_port = (wanted.flags & WEFT_LISTEN_REUSE_PORT) != 0,
                                .v6_only = (wanted.flags & WEFT_LISTEN_V6_ONLY) != 0});
  });
}

weft_handle weft_unix_listen(const char* address, const weft_listen_options* options) noexcept {
  return listen_by(address, options, [](std::string_view where, const weft_listen_options& wanted) {
    weft::unix_options how{.backlog = static_cast<int>(wanted.backlog)};
    if (wanted.mode != 0) {
      how.mode = wanted.mode;
    }
    return weft::unix_listener::listen(where, how);
  });
}

int weft_unix_pair(weft_handle ends[2]) noexcept {
  return guarded([&]() -> int {
    if (!ends) {
      return misused(WEFT_E_INVALID_ARGUMENT, "ends is null");
    }
    auto made = weft::unix_stream::pair();
    if (!made) {
      return failed(made.error());
    }
    const weft_handle first = opened<socket_object>(std::move(made->first));
    if (first < 0) {
      return static_cast<int>(first);
    }
    const weft_handle second = opened<socket_object>(std::move(made->second));
    if (second < 0) {
      handles::close(first);
      return static_cast<int>(second);
    }
    ends[0] = first;
    ends[1] = second;
    return WEFT_OK;
  });
}

weft_handle weft_udp_open(const char* address) noexcept {
  return datagrams_by(
      address, [](std::string_view where) { return weft::udp_socket::bind(where); },
      [] { return weft::udp_socket::unbound(weft::ip_family::v4); });
}

weft_handle weft_unix_datagram_open(const char* address) noexcept {
  return datagrams_by(
      address, [](std::string_view where) { return weft::unix_datagram::bind(where); },
      [] { return weft::unix_datagram::unbound(); });
}

std::int64_t weft_resolve(const char* name, char* buffer, std::size_t size, std::int64_t timeout,
                          weft_handle cancel) noexcept {
  return guarded([&]() -> std::int64_t {
    std::string_view what;
    if (const int error = read_text(name, what)) {
      return error;
    }
    if (const int error = check_memory(buffer, size)) {
      return error;
    }
    limits how;
    if (const int error = read_limits(timeout, cancel, how)) {
      return error;
    }
    return as_fiber([&]() -> std::int64_t {
      const auto found = within(how, [&] { return weft::resolve_first(what); });
      return found ? copy_text(found->to_string(), buffer, size) : how.failed(found.error());
    });
  });
}
}
