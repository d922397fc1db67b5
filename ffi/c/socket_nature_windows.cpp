#include <cerrno>

#include <netinet/in.h>
#include <windows.h>

#include <weft/io/detail/syscalls.hpp>

#include "socket_nature.hpp"

namespace weft::c {

namespace {

namespace sys = weft::detail::sys;

/// The system calls it no socket, be it another handle or none at all.
bool is_open(int native) noexcept {
  DWORD flags = 0;
  return ::GetHandleInformation(reinterpret_cast<HANDLE>(static_cast<SOCKET>(native)), &flags);
}

}  // namespace

int read_nature(int native, socket_nature& into) noexcept {
  WSAPROTOCOL_INFOW info{};
  unsigned size = sizeof info;
  if (const int error = sys::get_option(native, SOL_SOCKET, SO_PROTOCOL_INFOW, &info, &size)) {
    return error == -ENOTSOCK && !is_open(native) ? -EBADF : error;
  }
  int listens = 0;
  size = sizeof listens;
  if (const int error = sys::get_option(native, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size)) {
    return error;
  }
  sockaddr_storage peer;
  size = sizeof peer;
  into.family = info.iAddressFamily;
  into.type = info.iSocketType;
  into.is_udp = into.type == SOCK_DGRAM && info.iProtocol == IPPROTO_UDP;
  into.listens = listens != 0;
  into.is_connected = sys::peer_name(native, reinterpret_cast<sockaddr*>(&peer), &size) == 0;
  return 0;
}

}  // namespace weft::c
