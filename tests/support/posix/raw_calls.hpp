#pragma once

#include <array>
#include <cstddef>
#include <string_view>
#include <system_error>

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <support/emulator.hpp>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/// The system's calls as tests make them. One header per system.
namespace weft::testing::raw {

inline int close(int fd) {
  return ::close(fd);
}

inline bool is_open(int fd) {
  return ::fcntl(fd, F_GETFD) >= 0;
}

/// How many descriptors this process has open; none when that cannot be told.
inline int open_descriptors() {
  DIR* directory = ::opendir("/proc/self/fd");
  if (!directory) {
    return 0;
  }
  int count = 0;
  while (::readdir(directory)) {
    ++count;
  }
  ::closedir(directory);
  return count - 3;  // ".", ".." and the directory itself
}

/// One that waits.
inline int socket(int family, int type) {
  return ::socket(family, type | SOCK_CLOEXEC, 0);
}

/// A connection that does not wait; waits for it.
inline int accept(int listener) {
  return ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
}

/// Two ends that do not wait. Full is full, until the other end reads.
inline bool pair(int type, int (&ends)[2]) {
  return ::socketpair(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == 0;
}

inline bool pipe(int (&ends)[2]) {
  return ::pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0;
}

/// Makes a pipe full. Then make_room() lets one write of up to 4096 bytes through, unless there is
/// nothing to be read.
inline bool fill_pipe(int fd) {
  const std::array<char, 4096> page{};
  return ::fcntl(fd, F_SETPIPE_SZ, 4096) == 4096 && ::write(fd, page.data(), page.size()) == 4096;
}
inline bool make_room(int fd) {
  std::array<char, 4096> page;
  return ::read(fd, page.data(), page.size()) >= 0;
}

inline bool get_option(int fd, int level, int name, int& value) {
  socklen_t size = sizeof value;
  return ::getsockopt(fd, level, name, &value, &size) == 0;
}

inline bool set_option(int fd, int level, int name, const void* value, std::size_t size) {
  return ::setsockopt(fd, level, name, value, static_cast<socklen_t>(size)) == 0;
}

// These do not wait, whatever the socket does.
inline std::ptrdiff_t send(int fd, const void* data, std::size_t size, int flags = 0) {
  return ::send(fd, data, size, flags | MSG_DONTWAIT | MSG_NOSIGNAL);
}
inline std::ptrdiff_t receive(int fd, void* data, std::size_t size) {
  return ::recv(fd, data, size, MSG_DONTWAIT);
}

/// Waits if the socket does.
inline std::ptrdiff_t receive_as_set(int fd, void* data, std::size_t size) {
  return ::recv(fd, data, size, 0);
}

inline std::ptrdiff_t write(int fd, const void* data, std::size_t size) {
  return ::write(fd, data, size);
}

/// Whether the system moves what a relay passes on without copying it.
inline constexpr bool has_splice = true;
/// Whether the system has all options that weft has names for.
inline constexpr bool has_all_options = true;
/// Whether an accepted socket tells the buffers that it has from its listener.
inline constexpr bool tells_inherited_buffers = true;
/// Whether a silent connection is probed as a program likes.
inline constexpr bool has_keep_alive_times = true;
/// What a user without privilege hears of raw sockets, and whether there are any of IPv6.
inline constexpr auto error_of_raw_sockets = std::errc::operation_not_permitted;
inline constexpr bool has_raw_v6_sockets = true;
/// Whether interfaces have names that scopes are written with: "lo".
inline constexpr bool has_short_interface_names = true;
inline constexpr bool has_unix_sockets = true;
/// Whether a socket that forgets its peer can keep its port.
inline constexpr bool keeps_port_without_peer = true;
/// Whether a connected datagram socket is told that nobody listens while it waits.
inline constexpr bool hears_of_refusals = true;
/// Whether only addresses of this machine can be bound to.
inline constexpr bool refuses_foreign_addresses = true;
/// Whether the system tells when it received a datagram.
inline const bool tells_times = !under_qemu();
/// Whether a datagram can be given control data of its own on its way out.
inline constexpr bool sends_control_data = true;
/// Whether groups are joined, and sent to, through interfaces that are named by their index.
inline constexpr bool has_groups_by_index = true;
/// Whether a socket gets only what is sent to the groups that it has joined itself.
inline constexpr bool keeps_groups_apart = true;
/// Whether a socket that is bound to 127.0.0.2 sends from there.
inline constexpr bool has_many_loopback_addresses = true;
/// Whether a connection that has ended before it was accepted still is.
inline constexpr bool accepts_what_has_ended = true;
/// Whether a read that comes after a reset, or who asks for the error that is pending, is told of
/// it.
inline constexpr bool remembers_resets = true;
/// Whether a port stays taken while connections to it linger, unless it is asked for.
inline constexpr bool keeps_ports_of_lingering = true;

/// Whether what several append to a file at the same time stays whole.
inline constexpr bool appends_stay_whole = true;
/// Whether a file's name can be too long, or is just not there.
inline constexpr bool tells_of_long_names = true;

/// What a write fails with after a reset that was told already.
inline constexpr auto error_after_reset = std::errc::broken_pipe;

/// What leaving a group fails with that was not joined.
inline constexpr auto error_of_not_joined = std::errc::address_not_available;

inline bool end_writing(int fd) {
  return ::shutdown(fd, SHUT_WR) == 0;
}

/// Sends pieces of the block until nothing more fits; returns how much did.
inline std::size_t fill(int fd, std::string_view block) {
  std::size_t sent = 0;
  for (std::size_t size = block.size(); size > 0; size /= 2) {
    for (std::ptrdiff_t n = 0; (n = send(fd, block.data(), size)) > 0;) {
      sent += static_cast<std::size_t>(n);
    }
  }
  return sent;
}

/// How many bytes can be read without waiting; below 0: the socket is broken.
inline int arrived(int fd) {
  int size = 0;
  return ::ioctl(fd, FIONREAD, &size) == 0 ? size : -1;
}

}  // namespace weft::testing::raw
