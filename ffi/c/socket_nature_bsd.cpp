#include <cerrno>

#include <netinet/in.h>
#include <sys/socket.h>

#include "socket_nature.hpp"

/// Not all of these systems tell a socket's domain and protocol. Each socket has an address, be it
/// an empty one, and that has a family; datagrams of the internet are UDP's.
namespace weft::c {

namespace {

int read_number(int native, int name, int& into) noexcept {
  socklen_t size = sizeof into;
  return ::getsockopt(native, SOL_SOCKET, name, &into, &size);
}

}  // namespace

int read_nature(int native, socket_nature& into) noexcept {
  sockaddr_storage address{};
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof address;
  int listens = 0;
  if (::getsockname(native, any, &size) != 0 || read_number(native, SO_TYPE, into.type) != 0 ||
      read_number(native, SO_ACCEPTCONN, listens) != 0) {
    return -errno;
  }
  into.family = any->sa_family;
  into.is_udp = into.type == SOCK_DGRAM && (into.family == AF_INET || into.family == AF_INET6);
  into.listens = listens != 0;
  size = sizeof address;
  into.is_connected = ::getpeername(native, any, &size) == 0;
  return 0;
}

}  // namespace weft::c
