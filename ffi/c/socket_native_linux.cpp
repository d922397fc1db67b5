#include <cerrno>
#include <climits>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <weft/ffi/weft.h>
#include <weft/net/owned_handle.hpp>

#include "objects.hpp"
#include "socket_object.hpp"

/// Sockets that come from outside, and that leave.
using namespace weft::c;

namespace {

/// What the system says of a socket.
struct nature {
  int family = 0;
  int type = 0;
  int protocol = 0;
  bool listens = false;
  bool is_connected = false;
};

int read_number(int native, int name, int& into) noexcept {
  socklen_t size = sizeof into;
  return ::getsockopt(native, SOL_SOCKET, name, &into, &size);
}

/// False: not a socket; errno says why.
bool read_nature(int native, nature& into) noexcept {
  int listens = 0;
  if (read_number(native, SO_DOMAIN, into.family) != 0 ||
      read_number(native, SO_TYPE, into.type) != 0 ||
      read_number(native, SO_PROTOCOL, into.protocol) != 0 ||
      read_number(native, SO_ACCEPTCONN, listens) != 0) {
    return false;
  }
  sockaddr_storage peer;
  socklen_t size = sizeof peer;
  into.listens = listens != 0;
  into.is_connected = ::getpeername(native, reinterpret_cast<sockaddr*>(&peer), &size) == 0;
  return true;
}

/// What is neither connected nor listens yet, and types that only classic sockets have.
weft_handle open_classic(const nature& what, weft::io::descriptor made) {
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
weft_handle open_as(const nature& what, weft::io::descriptor made) {
  if (what.type == SOCK_STREAM && what.listens) {
    return opened<socket_object>(Listener::from(std::move(made)));
  }
  if (what.type == SOCK_STREAM && what.is_connected) {
    return opened<socket_object>(Stream::from(std::move(made)));
  }
  if (what.type == SOCK_DGRAM && (what.family == AF_UNIX || what.protocol == IPPROTO_UDP)) {
    return opened<socket_object>(Datagrams::from(std::move(made)));
  }
  return open_classic(what, std::move(made));
}

weft_handle open_by(const nature& what, weft::io::descriptor made) {
  if (what.family == AF_UNIX) {
    return open_as<weft::unix_listener, weft::unix_stream, weft::unix_datagram>(what,
                                                                                std::move(made));
  }
  return open_as<weft::tcp_listener, weft::tcp_stream, weft::udp_socket>(what, std::move(made));
}

int failed_call() noexcept {
  return failed(std::error_code(errno, std::system_category()));
}

}  // namespace

extern "C" {

weft_handle weft_adopt(std::int64_t native) noexcept {
  return guarded([&]() -> weft_handle {
    if (native < 0 || native > INT_MAX) {
      return misused(WEFT_E_INVALID_ARGUMENT, "not a number of a socket");
    }
    const int fd = static_cast<int>(native);
    nature what;
    if (!read_nature(fd, what)) {
      return failed_call();
    }
    if (what.family != AF_INET && what.family != AF_INET6 && what.family != AF_UNIX) {
      return misused(WEFT_E_NOT_SUPPORTED, "a socket of another domain");
    }
    // Under a number of our own, so that until all has gone well the caller's stays the caller's.
    weft::owned_handle own(::fcntl(fd, F_DUPFD_CLOEXEC, 3));
    const int flags = ::fcntl(fd, F_GETFL);
    if (!own || flags < 0) {
      return failed_call();
    }
    auto made = weft::io::descriptor::adopt(own.native_handle());
    if (!made) {
      return failed(made.error());
    }
    own.release();
    const weft_handle handle = open_by(what, std::move(*made));
    if (handle < 0) {
      ::fcntl(fd, F_SETFL, flags);
      return handle;
    }
    ::close(fd);
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
