#include <climits>
#include <utility>

#include <sys/socket.h>

#include <weft/ffi/weft.h>
#include <weft/io/detail/syscalls.hpp>
#include <weft/net/owned_handle.hpp>

#include "objects.hpp"
#include "socket_nature.hpp"
#include "socket_object.hpp"

/// Sockets that come from outside, and that leave.
using namespace weft::c;

namespace {

namespace sys = weft::detail::sys;

/// What is neither connected nor listens yet, and types that only classic sockets have.
weft_handle open_classic(const socket_nature& what, weft::io::descriptor made) {
  const auto domain = what.family == AF_INET    ? weft::socket_domain::ipv4
                      : what.family == AF_INET6 ? weft::socket_domain::ipv6
                                                : weft::socket_domain::local;
  const auto type = what.type == SOCK_STREAM      ? weft::socket_type::stream
                    : what.type == SOCK_DGRAM     ? weft::socket_type::datagram
                    : what.type == SOCK_SEQPACKET ? weft::socket_type::sequenced
                                                  : weft::socket_type::raw;
  return opened<socket_object>(weft::socket::from(domain, type, std::move(made)));
}

template <class Listener, class Stream, class Datagrams>
weft_handle open_as(const socket_nature& what, weft::io::descriptor made) {
  if (what.type == SOCK_STREAM && what.listens) {
    return opened<socket_object>(Listener::from(std::move(made)));
  }
  if (what.type == SOCK_STREAM && what.is_connected) {
    return opened<socket_object>(Stream::from(std::move(made)));
  }
  if (what.type == SOCK_DGRAM && (what.family == AF_UNIX || what.is_udp)) {
    return opened<socket_object>(Datagrams::from(std::move(made)));
  }
  return open_classic(what, std::move(made));
}

weft_handle open_by(const socket_nature& what, weft::io::descriptor made) {
  if (what.family == AF_UNIX) {
    return open_as<weft::unix_listener, weft::unix_stream, weft::unix_datagram>(what,
                                                                                std::move(made));
  }
  return open_as<weft::tcp_listener, weft::tcp_stream, weft::udp_socket>(what, std::move(made));
}

/// Done at the end, because all numbers of a socket share it and not every system tells how it was.
/// 0, or a negative error number.
int wait_no_more(weft_handle handle) noexcept {
  pinned<socket_object> s;
  if (find(handle, s) != WEFT_OK) {
    return 0;  // weft_stop() has closed it
  }
  const auto held = s->descriptor().borrow();
  return held ? sys::set_nonblocking(held.native_handle()) : 0;
}

}  // namespace

extern "C" {

weft_handle weft_adopt(std::int64_t native) noexcept {
  return guarded([&]() -> weft_handle {
    if (native < 0 || native > INT_MAX) {
      return misused(WEFT_E_INVALID_ARGUMENT, "not a number of a socket");
    }
    const int fd = static_cast<int>(native);
    socket_nature what;
    if (const int error = read_nature(fd, what)) {
      return failed(sys::error_of(error));
    }
    if (what.family != AF_INET && what.family != AF_INET6 && what.family != AF_UNIX) {
      return misused(WEFT_E_NOT_SUPPORTED, "a socket of another domain");
    }
    // Under a number of our own, so that until all has gone well the caller's stays the caller's.
    const int made = sys::duplicate_socket(fd);
    if (made < 0) {
      return failed(sys::error_of(made));
    }
    weft::owned_handle own(made);
    auto descriptor = weft::io::descriptor::adopt_nonblocking(own.native_handle());
    own.release();
    const weft_handle handle = open_by(what, std::move(descriptor));
    if (handle < 0) {
      return handle;
    }
    if (const int error = wait_no_more(handle)) {
      handles::close(handle);
      return failed(sys::error_of(error));
    }
    sys::close(fd);
    return handle;
  });
}

std::int64_t weft_release(weft_handle handle) noexcept {
  return guarded([&]() -> std::int64_t {
    pinned<socket_object> s;
    if (const int error = find(handle, s)) {
      return misused(error);
    }
    const int native = s->surrender();
    if (native < 0) {
      return failed(weft::errc::closed);
    }
    handles::close(handle);
    return native;
  });
}
}
