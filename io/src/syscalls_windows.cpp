#include "syscalls_windows.hpp"

#include <array>
#include <atomic>
#include <climits>
#include <cstring>
#include <utility>

#include <netinet/in.h>

/// A socket of Winsock's is made to behave as one of POSIX's does: non-blocking, not inherited, one
/// that serves IPv4 as well if it is of IPv6, that reports the error of a failed connection once,
/// and whose address can be asked for before it has one.
namespace weft::detail::sys {

namespace {

std::atomic<injector> installed{nullptr};

int adapt(SOCKET made) noexcept {
  if (made == INVALID_SOCKET) {
    return SOCKET_ERROR;
  }
  u_long on = 1;
  ::ioctlsocket(made, FIONBIO, &on);
  return as_number(made);
}

/// By default a datagram that nobody received makes the next receive fail, of whatever peer. A
/// connected socket is told, as elsewhere.
void tell_of_unreachable_peers(SOCKET socket, bool on) noexcept {
  constexpr DWORD connection_reset = _WSAIOW(IOC_VENDOR, 12);
  BOOL value = on;
  DWORD none = 0;
  ::WSAIoctl(socket, connection_reset, &value, sizeof value, nullptr, 0, &none, nullptr, nullptr);
}

int make_socket(int family, int type, int protocol) noexcept {
  if (family == AF_UNIX) {
    ::WSASetLastError(WSAEOPNOTSUPP);
    return SOCKET_ERROR;
  }
  start_winsock();
  const SOCKET made = ::WSASocketW(family, type, protocol, nullptr, 0,
                                   WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT);
  if (made != INVALID_SOCKET) {
    if (family == AF_INET6) {
      const DWORD off = 0;
      ::setsockopt(made, IPPROTO_IPV6, IPV6_V6ONLY, reinterpret_cast<const char*>(&off),
                   sizeof off);
    }
    if (type == SOCK_DGRAM) {
      tell_of_unreachable_peers(made, false);
    }
  }
  return adapt(made);
}

WSAPROTOCOL_INFOW protocol_of(SOCKET socket) noexcept {
  WSAPROTOCOL_INFOW info{};
  int size = sizeof info;
  ::getsockopt(socket, SOL_SOCKET, SO_PROTOCOL_INFOW, reinterpret_cast<char*>(&info), &size);
  return info;
}

/// The error that is pending on a socket, which asking takes off it.
int pending_error(SOCKET socket) noexcept {
  int error = 0;
  int size = sizeof error;
  ::getsockopt(socket, SOL_SOCKET, SO_ERROR, reinterpret_cast<char*>(&error), &size);
  return error;
}

/// What the system takes for an interface's index in place of an address: 0.0.0.0/8.
DWORD interface_of(const ip_mreqn& request) noexcept {
  return request.imr_ifindex != 0 ? ::htonl(static_cast<u_long>(request.imr_ifindex))
                                  : request.imr_address.s_addr;
}

/// What POSIX means by this option the system always does for streams; here it would let another
/// program take the port over.
bool is_always_on(SOCKET socket, int level, int name) noexcept {
  return level == SOL_SOCKET && name == SO_REUSEADDR && type_of(socket) == SOCK_STREAM;
}

using name_call = int(WSAAPI*)(SOCKET, sockaddr*, int*);

int ask_name(name_call ask, int fd, sockaddr* address, unsigned* size) noexcept {
  auto room = static_cast<int>(*size);
  const int result = ask(as_socket(fd), address, &room);
  *size = static_cast<unsigned>(room);
  return result;
}

}  // namespace

injector inject(injector asked_before_each_call) noexcept {
  return installed.exchange(asked_before_each_call, std::memory_order_acq_rel);
}

fault consult(call which, int fd, std::size_t size) noexcept {
  if (injector asked = installed.load(std::memory_order_acquire)) [[unlikely]] {
    return asked(which, fd, size);
  }
  return {};
}

int family_of(SOCKET socket) noexcept {
  return protocol_of(socket).iAddressFamily;
}

int type_of(SOCKET socket) noexcept {
  return protocol_of(socket).iSocketType;
}

int socket(int family, int type, int protocol) noexcept {
  return make(call::socket, -1, 0,
              [&](std::size_t) { return make_socket(family, type, protocol); });
}

int socket_pair(int, int (&)[2]) noexcept {
  return -EOPNOTSUPP;
}

int bind(int fd, const sockaddr* address, unsigned size) noexcept {
  return make(call::bind, fd, 0,
              [&](std::size_t) { return ::bind(as_socket(fd), address, static_cast<int>(size)); });
}

int listen(int fd, int backlog) noexcept {
  return make(call::listen, fd, 0, [&](std::size_t) { return ::listen(as_socket(fd), backlog); });
}

int accept(int fd, sockaddr* address, unsigned* size) noexcept {
  return make(call::accept, fd, 0, [&](std::size_t) {
    auto room = size ? static_cast<int>(*size) : 0;
    const SOCKET made = ::accept(as_socket(fd), address, size ? &room : nullptr);
    if (size) {
      *size = static_cast<unsigned>(room);
    }
    const int error = made == INVALID_SOCKET ? ::WSAGetLastError() : 0;
    if (error == WSAENOTCONN || error == WSAECONNRESET) {
      ::WSASetLastError(WSAECONNABORTED);  // the connection has ended, not the listener
    }
    if (made != INVALID_SOCKET) {
      ::SetHandleInformation(as_handle(as_number(made)), HANDLE_FLAG_INHERIT, 0);
    }
    return adapt(made);
  });
}

int connect(int fd, const sockaddr* address, unsigned size) noexcept {
  // Another call after one that has failed would begin again.
  if (const int failed = pending_error(as_socket(fd)); failed != 0) {
    return -errno_of(static_cast<unsigned long>(failed));
  }
  const bool ends = address->sa_family == AF_UNSPEC;
  const int result = make(call::connect, fd, 0, [&](std::size_t) {
    // To forget a peer the system wants zeros for a whole address of the socket's family.
    const sockaddr_storage nobody{};
    return ends ? ::connect(as_socket(fd), reinterpret_cast<const sockaddr*>(&nobody),
                            int{sizeof nobody})
                : ::connect(as_socket(fd), address, static_cast<int>(size));
  });
  if (type_of(as_socket(fd)) == SOCK_DGRAM) {
    tell_of_unreachable_peers(as_socket(fd), !ends);
  }
  return result == -EAGAIN ? -EINPROGRESS : result;
}

int shutdown(int fd, int how) noexcept {
  const int result =
      make(call::shutdown, fd, 0, [&](std::size_t) { return ::shutdown(as_socket(fd), how); });
  if (result == 0 && how != SHUT_WR) {
    // Reads that wait would go on waiting. Begun again, they find the end.
    ::CancelIoEx(as_handle(fd), nullptr);
  }
  return result;
}

int close(int fd) noexcept {
  if (::closesocket(as_socket(fd)) == 0) {
    return 0;
  }
  const int error = ::WSAGetLastError();
  if (error == WSAENOTSOCK && ::CloseHandle(as_handle(fd))) {
    return 0;
  }
  return -errno_of(static_cast<unsigned long>(error));
}

int duplicate_socket(int fd) noexcept {
  WSAPROTOCOL_INFOW info{};
  SOCKET made = INVALID_SOCKET;
  if (::WSADuplicateSocketW(as_socket(fd), ::GetCurrentProcessId(), &info) == 0) {
    made = ::WSASocketW(FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, &info, 0,
                        WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT);
  }
  return made == INVALID_SOCKET ? -errno_of(static_cast<unsigned long>(::WSAGetLastError()))
                                : as_number(made);
}

int get_option(int fd, int level, int name, void* value, unsigned* size) noexcept {
  const int result = make(call::get_option, fd, 0, [&](std::size_t) {
    auto room = static_cast<int>(*size);
    const int got = ::getsockopt(as_socket(fd), level, name, static_cast<char*>(value), &room);
    *size = static_cast<unsigned>(room);
    return got;
  });
  if (result == 0 && is_always_on(as_socket(fd), level, name) && *size == sizeof(int)) {
    const int on = 1;
    std::memcpy(value, &on, sizeof on);
  }
  if (result == 0 && level == SOL_SOCKET && name == SO_ERROR && *size == sizeof(int)) {
    int error = 0;
    std::memcpy(&error, value, sizeof error);
    error = error == 0 ? 0 : errno_of(static_cast<unsigned long>(error));
    std::memcpy(value, &error, sizeof error);
  }
  return result;
}

int set_option(int fd, int level, int name, const void* value, unsigned size) noexcept {
  return make(call::set_option, fd, 0, [&](std::size_t) {
    if (is_always_on(as_socket(fd), level, name)) {
      return 0;
    }
    if (level == IPPROTO_IP && name == IP_MULTICAST_IF && size == sizeof(ip_mreqn)) {
      ip_mreqn request;
      std::memcpy(&request, value, sizeof request);
      const DWORD through = interface_of(request);
      return ::setsockopt(as_socket(fd), level, name, reinterpret_cast<const char*>(&through),
                          sizeof through);
    }
    return ::setsockopt(as_socket(fd), level, name, static_cast<const char*>(value),
                        static_cast<int>(size));
  });
}

int local_name(int fd, sockaddr* address, unsigned* size) noexcept {
  return make(call::local_name, fd, 0, [&](std::size_t) {
    const unsigned room = *size;
    const int result = ask_name(&::getsockname, fd, address, size);
    if (result == SOCKET_ERROR && ::WSAGetLastError() == WSAEINVAL) {
      sockaddr_in6 none{};
      none.sin6_family = static_cast<sa_family_t>(family_of(as_socket(fd)));
      const unsigned needed = none.sin6_family == AF_INET ? sizeof(sockaddr_in) : sizeof none;
      std::memcpy(address, &none, std::min(room, needed));
      *size = needed;
      return 0;
    }
    return result;
  });
}

int peer_name(int fd, sockaddr* address, unsigned* size) noexcept {
  return make(call::peer_name, fd, 0,
              [&](std::size_t) { return ask_name(&::getpeername, fd, address, size); });
}

int set_nonblocking(int fd) noexcept {
  u_long on = 1;
  if (::ioctlsocket(as_socket(fd), FIONBIO, &on) == 0) {
    return 0;
  }
  const int error = ::WSAGetLastError();
  DWORD flags = 0;
  // -1 is no socket, but as a handle it is this process.
  const bool is_handle = fd != -1 && ::GetHandleInformation(as_handle(fd), &flags);
  return error == WSAENOTSOCK && !is_handle ? -EBADF : -errno_of(static_cast<unsigned long>(error));
}

}  // namespace weft::detail::sys
