#include <cerrno>

#include <netinet/in.h>
#include <sys/socket.h>

#include "socket_nature.hpp"

namespace weft::c {

namespace {

int read_number(int native, int name, int& into) noexcept {
  socklen_t size = sizeof into;
  return ::getsockopt(native, SOL_SOCKET, name, &into, &size);
}

}  // namespace

int read_nature(int native, socket_nature& into) noexcept {
  int protocol = 0;
  int listens = 0;
  if (read_number(native, SO_DOMAIN, into.family) != 0 ||
      read_number(native, SO_TYPE, into.type) != 0 ||
      read_number(native, SO_PROTOCOL, protocol) != 0 ||
      read_number(native, SO_ACCEPTCONN, listens) != 0) {
    return -errno;
  }
  sockaddr_storage peer;
  socklen_t size = sizeof peer;
  into.is_udp = into.type == SOCK_DGRAM && protocol == IPPROTO_UDP;
  into.listens = listens != 0;
  into.is_connected = ::getpeername(native, reinterpret_cast<sockaddr*>(&peer), &size) == 0;
  return 0;
}

}  // namespace weft::c
