#include <mutex>
#include <variant>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <weft/ffi/weft.h>
#include <weft/io/detail/syscalls.hpp>

#include "socket_object.hpp"

/// Options of sockets.
namespace weft::c {

namespace {

namespace sys = weft::detail::sys;

struct option_name {
  int level = 0;
  int name = 0;  // negative: this system has none
  bool is_switch = true;
};

#ifdef SO_REUSEPORT
constexpr int reuse_port = SO_REUSEPORT;
#else
constexpr int reuse_port = -1;
#endif

bool read_name(int option, option_name& into) noexcept {
  switch (option) {
    case WEFT_OPTION_NO_DELAY:
      into = {IPPROTO_TCP, TCP_NODELAY};
      return true;
    case WEFT_OPTION_KEEP_ALIVE:
      into = {SOL_SOCKET, SO_KEEPALIVE};
      return true;
    case WEFT_OPTION_SEND_BUFFER:
      into = {SOL_SOCKET, SO_SNDBUF, false};
      return true;
    case WEFT_OPTION_RECEIVE_BUFFER:
      into = {SOL_SOCKET, SO_RCVBUF, false};
      return true;
    case WEFT_OPTION_REUSE_ADDRESS:
      into = {SOL_SOCKET, SO_REUSEADDR};
      return true;
    case WEFT_OPTION_REUSE_PORT:
      into = {SOL_SOCKET, reuse_port};
      return true;
    case WEFT_OPTION_V6_ONLY:
      into = {IPPROTO_IPV6, IPV6_V6ONLY};
      return true;
    case WEFT_OPTION_BROADCAST:
      into = {SOL_SOCKET, SO_BROADCAST};
      return true;
    case WEFT_OPTION_ERROR:
      into = {SOL_SOCKET, SO_ERROR, false};
      return true;
    default:
      return false;
  }
}

/// Calls `f(native handle)`, whose result is a value or a negative error number, on a socket that
/// nobody closes meanwhile.
template <class F>
int on_native(const io::descriptor& socket, F f) noexcept {
  const auto held = socket.borrow();
  if (!held) {
    return failed(errc::closed);
  }
  const int value = f(held.native_handle());
  return value >= 0 ? value : failed(sys::error_of(value));
}

}  // namespace

int shut_down(const io::descriptor& socket, socket_side side) noexcept {
  const int how = side == socket_side::read    ? SHUT_RD
                  : side == socket_side::write ? SHUT_WR
                                               : SHUT_RDWR;
  return on_native(socket, [&](int fd) { return sys::shutdown(fd, how); });
}

}  // namespace weft::c

using namespace weft::c;

extern "C" {

int weft_set_option(weft_handle handle, int option, int value) noexcept {
  pinned<socket_object> s;
  if (const int error = find(handle, s)) {
    return misused(error);
  }
  option_name of;
  if (!read_name(option, of) || option == WEFT_OPTION_ERROR) {
    return misused(WEFT_E_UNKNOWN_OPTION, "no such option, or one to read only");
  }
  if (value < 0 || (of.is_switch && value > 1)) {
    return misused(WEFT_E_INVALID_ARGUMENT, "value is out of range");
  }
  if (auto* classic = std::get_if<weft::socket>(&s->any);
      classic && option == WEFT_OPTION_REUSE_ADDRESS) {
    const std::lock_guard hold(s->setup);
    const auto done = classic->set_reuse_address(value != 0);  // it knows of paths, too
    return done ? WEFT_OK : failed(done.error());
  }
  if (of.name < 0) {
    return misused(WEFT_E_NOT_SUPPORTED, "the system has no such option");
  }
  return on_native(s->descriptor(), [&](int fd) {
    return sys::set_option(fd, of.level, of.name, &value, sizeof value);
  });
}

int weft_option(weft_handle handle, int option) noexcept {
  pinned<socket_object> s;
  if (const int error = find(handle, s)) {
    return misused(error);
  }
  option_name of;
  if (!read_name(option, of)) {
    return misused(WEFT_E_UNKNOWN_OPTION, "no such option");
  }
  if (of.name < 0) {
    return misused(WEFT_E_NOT_SUPPORTED, "the system has no such option");
  }
  return on_native(s->descriptor(), [&](int fd) {
    int value = 0;
    unsigned size = sizeof value;
    const int error = sys::get_option(fd, of.level, of.name, &value, &size);
    return error < 0 ? error : of.is_switch ? value != 0 : value;
  });
}
}
