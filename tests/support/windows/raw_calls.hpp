#pragma once

#include <cstddef>
#include <string_view>
#include <system_error>

#include <sys/socket.h>

#ifndef EDQUOT
#define EDQUOT WSAEDQUOT
#endif

/// The system's calls as tests make them. One header per system.
namespace weft::testing::raw {

inline int close(int fd) {
  return ::closesocket(static_cast<SOCKET>(fd));
}

inline bool is_open(int fd) {
  int type = 0;
  int size = sizeof type;
  return ::getsockopt(static_cast<SOCKET>(fd), SOL_SOCKET, SO_TYPE, reinterpret_cast<char*>(&type),
                      &size) == 0;
}

/// How many sockets this process has open. Its other handles are nobody's to count: threads and
/// their locks have some, made when they are first needed.
inline int open_descriptors() {
  constexpr int last_handle = 0x1000;
  int count = 0;
  for (int handle = 4; handle < last_handle; handle += 4) {
    count += is_open(handle);
  }
  return count;
}

/// One that waits.
inline int socket(int family, int type) {
  return static_cast<int>(
      ::WSASocketW(family, type, 0, nullptr, 0, WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT));
}

inline void do_not_wait(int fd) {
  u_long on = 1;
  ::ioctlsocket(static_cast<SOCKET>(fd), FIONBIO, &on);
}

/// A connection that does not wait; waits for it.
inline int accept(int listener) {
  const auto made = static_cast<int>(::accept(static_cast<SOCKET>(listener), nullptr, nullptr));
  do_not_wait(made);
  return made;
}

inline bool get_option(int fd, int level, int name, int& value) {
  int size = sizeof value;
  return ::getsockopt(static_cast<SOCKET>(fd), level, name, reinterpret_cast<char*>(&value),
                      &size) == 0;
}

inline bool set_option(int fd, int level, int name, const void* value, std::size_t size) {
  return ::setsockopt(static_cast<SOCKET>(fd), level, name, static_cast<const char*>(value),
                      static_cast<int>(size)) == 0;
}

/// Two ends that do not wait: of a connection over the loopback interface, for want of Unix
/// sockets. Buffers whose size was set stay as they are, so full is nearly full.
inline bool pair(int type, int (&ends)[2]) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
  auto* const at = reinterpret_cast<sockaddr*>(&address);
  int size = sizeof address;
  const int first = socket(AF_INET, type);
  const int second = socket(AF_INET, type);
  const int room = 16 * 1024;
  for (const int fd : {first, second}) {
    set_option(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    set_option(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
  }
  const auto one = static_cast<SOCKET>(first);
  const auto two = static_cast<SOCKET>(second);
  bool made = ::bind(one, at, size) == 0;
  if (type == SOCK_STREAM) {
    const int on = 1;
    set_option(second, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    made = made && ::listen(one, 1) == 0 && ::getsockname(one, at, &size) == 0 &&
           ::connect(two, at, size) == 0;
    ends[0] = accept(first);
    set_option(ends[0], IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    close(first);
  } else {
    sockaddr_in other = address;
    auto* const there = reinterpret_cast<sockaddr*>(&other);
    made = made && ::bind(two, there, size) == 0 && ::getsockname(one, at, &size) == 0 &&
           ::getsockname(two, there, &size) == 0 && ::connect(one, there, size) == 0 &&
           ::connect(two, at, size) == 0;
    ends[0] = first;
  }
  ends[1] = second;
  do_not_wait(ends[0]);
  do_not_wait(ends[1]);
  return made;
}

// These do not wait, whatever the socket did.
inline std::ptrdiff_t send(int fd, const void* data, std::size_t size, int flags = 0) {
  do_not_wait(fd);
  return ::send(static_cast<SOCKET>(fd), static_cast<const char*>(data), static_cast<int>(size),
                flags);
}
inline std::ptrdiff_t receive(int fd, void* data, std::size_t size) {
  do_not_wait(fd);
  return ::recv(static_cast<SOCKET>(fd), static_cast<char*>(data), static_cast<int>(size), 0);
}

/// Waits if the socket does.
inline std::ptrdiff_t receive_as_set(int fd, void* data, std::size_t size) {
  return ::recv(static_cast<SOCKET>(fd), static_cast<char*>(data), static_cast<int>(size), 0);
}

/// Whether the system moves what a relay passes on without copying it.
inline constexpr bool has_splice = false;
/// Whether the system has all options that weft has names for.
inline constexpr bool has_all_options = false;
/// Whether an accepted socket tells the buffers that it has from its listener. In Wine 8 one of
/// AcceptEx() tells those of a new socket.
inline constexpr bool tells_inherited_buffers = false;
/// Whether a silent connection is probed as a program likes. In Windows it is since 1709; Wine 8
/// has none of the options.
inline constexpr bool has_keep_alive_times = false;
/// What a user without privilege hears of raw sockets, and whether there are any of IPv6. Windows
/// has them, Wine 8 has not.
inline constexpr auto error_of_raw_sockets = std::errc::permission_denied;
inline constexpr bool has_raw_v6_sockets = false;
/// Whether interfaces have names that scopes are written with: "lo".
inline constexpr bool has_short_interface_names = false;
inline constexpr bool has_unix_sockets = false;
/// Whether a socket that forgets its peer can keep its port. Windows does; Wine leaves it to Linux,
/// which takes the port back, and does not permit to bind again.
inline constexpr bool keeps_port_without_peer = false;
// So does Windows, and Wine 8 does not: whether a connected datagram socket is told that nobody
// listens while it waits, and whether only addresses of this machine can be bound to.
inline constexpr bool hears_of_refusals = false;
inline constexpr bool refuses_foreign_addresses = false;
/// Whether the system tells when it received a datagram.
inline constexpr bool tells_times = false;
/// Whether a datagram can be given control data of its own on its way out. In Windows it can; Wine
/// 8 sends it without.
inline constexpr bool sends_control_data = false;
// Wine 8 lacks these or leaves them to Linux: whether groups are joined, and sent to, through
// interfaces that are named by their index, whether a socket gets only what is sent to the groups
// that it has joined itself, and whether one that is bound to 127.0.0.2 sends from there.
inline constexpr bool has_groups_by_index = false;
inline constexpr bool keeps_groups_apart = false;
inline constexpr bool has_many_loopback_addresses = false;
/// Whether a connection that has ended before it was accepted still is.
inline constexpr bool accepts_what_has_ended = false;
/// Whether a read that comes after a reset, or who asks for the error that is pending, is told of
/// it. In Wine 8 it may find the stream's end.
inline constexpr bool remembers_resets = false;
/// Whether a port stays taken while connections to it linger, unless it is asked for.
inline constexpr bool keeps_ports_of_lingering = false;

/// Whether what several append to a file at the same time stays whole; in Wine it does not.
inline constexpr bool appends_stay_whole = false;
/// Whether a file's name can be too long, or is just not there.
inline constexpr bool tells_of_long_names = false;

/// What a write fails with after a reset that was told already.
inline constexpr auto error_after_reset = std::errc::connection_reset;

/// What leaving a group fails with that was not joined. So in Wine 8.
inline constexpr auto error_of_not_joined = std::errc::invalid_argument;

inline bool end_writing(int fd) {
  return ::shutdown(static_cast<SOCKET>(fd), SD_SEND) == 0;
}

inline std::size_t fill_once(int fd, std::string_view block) {
  std::size_t sent = 0;
  for (std::size_t size = block.size(); size > 0; size /= 2) {
    for (std::ptrdiff_t n = 0; (n = send(fd, block.data(), size)) > 0;) {
      sent += static_cast<std::size_t>(n);
    }
  }
  return sent;
}

/// Sends pieces of the block until nothing more fits, and again when the receiver has acknowledged
/// what it took, which it puts off for some 40 ms: then both ends of a pair are full. Returns how
/// much did.
inline std::size_t fill(int fd, std::string_view block) {
  std::size_t sent = fill_once(fd, block);
  for (int left = 50; left > 0; --left) {
    ::Sleep(4);
    if (const std::ptrdiff_t more = send(fd, block.data(), block.size()); more > 0) {
      return sent + static_cast<std::size_t>(more) + fill_once(fd, block);
    }
  }
  return sent;
}

/// How many bytes can be read without waiting; below 0: the socket is broken.
inline int arrived(int fd) {
  u_long size = 0;
  return ::ioctlsocket(static_cast<SOCKET>(fd), FIONREAD, &size) == 0 ? static_cast<int>(size) : -1;
}

}  // namespace weft::testing::raw
