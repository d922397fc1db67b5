#include <array>
#include <climits>
#include <cstdint>
#include <limits>

#include "syscalls_windows.hpp"

/// Moving data and waiting for it to move.
namespace weft::detail::sys {

namespace {

// Of one call: the system has 32 bits for it.
constexpr std::size_t most_bytes = std::size_t{1} << 30;
constexpr std::size_t most_parts = 64;

using parts = std::array<WSABUF, most_parts>;

DWORD take_parts(const msghdr& message, parts& into) noexcept {
  const std::size_t count = std::min(message.msg_iovlen, most_parts);
  for (std::size_t i = 0; i < count; ++i) {
    const iovec& part = message.msg_iov[i];
    into[i] = {.len = static_cast<ULONG>(std::min(part.iov_len, most_bytes)),
               .buf = static_cast<char*>(part.iov_base)};
  }
  return static_cast<DWORD>(count);
}

std::ptrdiff_t room_in(const msghdr& message) noexcept {
  std::size_t room = 0;
  for (std::size_t i = 0; i < std::min(message.msg_iovlen, most_parts); ++i) {
    room += message.msg_iov[i].iov_len;
  }
  return static_cast<std::ptrdiff_t>(room);
}

/// Tells of a peer that a datagram never reached, and of a reading side that is shut down, as
/// other systems do.
int told(SOCKET socket, int result) noexcept {
  if (result == SOCKET_ERROR && ::WSAGetLastError() == WSAECONNRESET &&
      type_of(socket) == SOCK_DGRAM) {
    ::WSASetLastError(WSAECONNREFUSED);
  }
  if (result == SOCKET_ERROR && ::WSAGetLastError() == WSAESHUTDOWN) {
    return 0;
  }
  return result;
}

/// A datagram to nobody in particular is told apart from a stream to nobody.
int without_destination(SOCKET socket, int result) noexcept {
  if (result == SOCKET_ERROR && ::WSAGetLastError() == WSAENOTCONN &&
      type_of(socket) == SOCK_DGRAM) {
    ::WSASetLastError(WSAEDESTADDRREQ);
  }
  return result;
}

/// A stream has nothing to do when nothing is asked of it. The system would wait for data.
bool is_done_at_once(SOCKET socket, std::size_t asked) noexcept {
  return asked == 0 && type_of(socket) == SOCK_STREAM;
}

/// Whether a call has failed only because what came was larger than the room for it.
bool was_cut_off(int result) noexcept {
  return result == SOCKET_ERROR && ::WSAGetLastError() == WSAEMSGSIZE;
}

LPFN_WSARECVMSG find_receive_message(SOCKET socket) noexcept {
  GUID name = WSAID_WSARECVMSG;
  LPFN_WSARECVMSG found = nullptr;
  DWORD size = 0;
  ::WSAIoctl(socket, SIO_GET_EXTENSION_FUNCTION_POINTER, &name, sizeof name, &found, sizeof found,
             &size, nullptr, nullptr);
  return found;
}

std::ptrdiff_t receive_with_control(SOCKET socket, msghdr& message, int flags) noexcept {
  const LPFN_WSARECVMSG receive_it = find_receive_message(socket);
  if (!receive_it) {
    ::WSASetLastError(WSAEOPNOTSUPP);
    return SOCKET_ERROR;
  }
  parts into;
  WSAMSG native{};
  native.name = static_cast<sockaddr*>(message.msg_name);
  native.namelen = static_cast<int>(message.msg_namelen);
  native.lpBuffers = into.data();
  native.dwBufferCount = take_parts(message, into);
  native.Control = {.len = static_cast<ULONG>(message.msg_controllen),
                    .buf = static_cast<char*>(message.msg_control)};
  native.dwFlags = static_cast<DWORD>(flags);
  DWORD size = 0;
  const int result = told(socket, receive_it(socket, &native, &size, nullptr, nullptr));
  const bool cut_off = was_cut_off(result);
  if (result == SOCKET_ERROR && !cut_off) {
    return SOCKET_ERROR;
  }
  message.msg_namelen = static_cast<unsigned>(native.namelen);
  message.msg_controllen = native.Control.len;
  message.msg_flags = static_cast<int>(native.dwFlags) | (cut_off ? MSG_TRUNC : 0);
  return cut_off ? room_in(message) : static_cast<std::ptrdiff_t>(size);
}

std::ptrdiff_t receive_plain(SOCKET socket, msghdr& message, int flags) noexcept {
  parts into;
  const DWORD count = take_parts(message, into);
  auto asked = static_cast<DWORD>(flags);
  DWORD size = 0;
  auto from_size = static_cast<int>(message.msg_namelen);
  const int result =
      told(socket, message.msg_name
                       ? ::WSARecvFrom(socket, into.data(), count, &size, &asked,
                                       static_cast<sockaddr*>(message.msg_name), &from_size,
                                       nullptr, nullptr)
                       : ::WSARecv(socket, into.data(), count, &size, &asked, nullptr, nullptr));
  const bool cut_off = was_cut_off(result);
  if (result == SOCKET_ERROR && !cut_off) {
    return SOCKET_ERROR;
  }
  message.msg_namelen = message.msg_name ? static_cast<unsigned>(from_size) : 0;
  message.msg_controllen = 0;
  message.msg_flags = cut_off ? MSG_TRUNC : 0;
  return cut_off ? room_in(message) : static_cast<std::ptrdiff_t>(size);
}

}  // namespace

std::ptrdiff_t receive(int fd, void* data, std::size_t& size, int flags) noexcept {
  const SOCKET socket = as_socket(fd);
  return make(call::receive, fd, size, [&](std::size_t n) -> std::ptrdiff_t {
    size = std::min(n, most_bytes);
    if (is_done_at_once(socket, size)) {
      return 0;
    }
    const int result = told(socket, ::recv(socket, static_cast<char*>(data), static_cast<int>(size),
                                           flags & ~MSG_TRUNC));
    if (was_cut_off(result)) {
      // By how much nobody tells.
      return static_cast<std::ptrdiff_t>(size) + (flags & MSG_TRUNC ? 1 : 0);
    }
    return result;
  });
}

std::ptrdiff_t send(int fd, const void* data, std::size_t& size, int flags) noexcept {
  return make(call::send, fd, size, [&](std::size_t n) -> std::ptrdiff_t {
    size = std::min(n, most_bytes);
    return ::send(as_socket(fd), static_cast<const char*>(data), static_cast<int>(size), flags);
  });
}

std::ptrdiff_t receive_message(int fd, msghdr* message, int flags) noexcept {
  return make(call::receive_message, fd, 0, [&](std::size_t) {
    const int known = flags & ~MSG_TRUNC;
    return message->msg_controllen > 0 ? receive_with_control(as_socket(fd), *message, known)
                                       : receive_plain(as_socket(fd), *message, known);
  });
}

std::ptrdiff_t send_message(int fd, const msghdr* message, int flags) noexcept {
  const SOCKET socket = as_socket(fd);
  return make(call::send_message, fd, 0, [&](std::size_t) -> std::ptrdiff_t {
    parts from;
    const DWORD count = take_parts(*message, from);
    const auto how = static_cast<DWORD>(flags);
    auto* const to = static_cast<sockaddr*>(message->msg_name);
    const auto to_size = static_cast<int>(message->msg_namelen);
    DWORD size = 0;
    int result = 0;
    if (message->msg_controllen > 0) {
      WSAMSG native{.name = to,
                    .namelen = to_size,
                    .lpBuffers = from.data(),
                    .dwBufferCount = count,
                    .Control = {.len = static_cast<ULONG>(message->msg_controllen),
                                .buf = static_cast<char*>(message->msg_control)},
                    .dwFlags = 0};
      result = ::WSASendMsg(socket, &native, how, &size, nullptr, nullptr);
    } else if (to) {
      result = ::WSASendTo(socket, from.data(), count, &size, how, to, to_size, nullptr, nullptr);
    } else {
      result = ::WSASend(socket, from.data(), count, &size, how, nullptr, nullptr);
    }
    return result == SOCKET_ERROR ? SOCKET_ERROR : static_cast<std::ptrdiff_t>(size);
  });
}

std::ptrdiff_t send_to(int fd, std::span<const std::byte> data, const sockaddr* to,
                       unsigned to_size) noexcept {
  return make(to ? call::send_message : call::send, fd, 0, [&](std::size_t) -> std::ptrdiff_t {
    const auto* const from = reinterpret_cast<const char*>(data.data());
    const auto size = static_cast<int>(std::min(data.size(), most_bytes));
    return to ? ::sendto(as_socket(fd), from, size, 0, to, static_cast<int>(to_size))
              : without_destination(as_socket(fd), ::send(as_socket(fd), from, size, 0));
  });
}

std::ptrdiff_t read(int fd, void* data, std::size_t& size) noexcept {
  return make(call::read, fd, size, [&](std::size_t n) -> std::ptrdiff_t {
    size = std::min(n, most_bytes);
    return is_done_at_once(as_socket(fd), size)
               ? 0
               : ::recv(as_socket(fd), static_cast<char*>(data), static_cast<int>(size), 0);
  });
}

std::ptrdiff_t write(int fd, const void* data, std::size_t& size) noexcept {
  return make(call::write, fd, size, [&](std::size_t n) -> std::ptrdiff_t {
    size = std::min(n, most_bytes);
    return ::send(as_socket(fd), static_cast<const char*>(data), static_cast<int>(size), 0);
  });
}

DWORD milliseconds_left(time_point until) noexcept {
  if (until == forever) {
    return INFINITE;
  }
  const time_point now = until == time_point::min() ? until : clock::now();
  if (until <= now) {
    return 0;
  }
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - now).count();
  return static_cast<DWORD>(std::min<std::int64_t>(left, INT_MAX));
}

int poll(int fd, short events, time_point until) noexcept {
  pollfd entry{.fd = as_socket(fd), .events = events, .revents = 0};
  return poll({&entry, 1}, until);
}

int poll(std::span<pollfd> entries, time_point until) noexcept {
  const int first = entries.empty() ? -1 : as_number(entries.front().fd);
  return make(call::poll, first, 0, [&](std::size_t) {
    for (pollfd& entry : entries) {
      entry.events &= ~POLLPRI;  // which the call refuses
    }
    // Every bit set is "for ever", here as a signed number.
    return ::WSAPoll(entries.data(), static_cast<ULONG>(entries.size()),
                     static_cast<int>(milliseconds_left(until)));
  });
}

int pipe(int (&)[2], int) noexcept {
  return -ENOSYS;
}

// Who waits here is woken through the port.
int wake_pipe(int (&)[2]) noexcept {
  return -ENOSYS;
}

void signal_pipe(int) noexcept {}

void drain_pipe(int) noexcept {}

std::ptrdiff_t splice(int, int, std::size_t) noexcept {
  return -ENOSYS;
}

std::ptrdiff_t send_file(int, int, std::int64_t&, std::size_t) noexcept {
  return -ENOSYS;
}

}  // namespace weft::detail::sys
