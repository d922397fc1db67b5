#include "iocp_start.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <winternl.h>

#include <weft/io/detail/descriptor_state.hpp>

#include "../file_part.hpp"
#include "../syscalls_windows.hpp"

namespace weft::io {

namespace {

namespace sys = weft::detail::sys;

// What the socket driver knows as readiness; no header has it, but all event loops of Windows do.
constexpr ULONG query_readiness = 0x00012024;
constexpr ULONG can_receive = 0x0001;
constexpr ULONG can_receive_urgent = 0x0002;
constexpr ULONG can_send = 0x0004;
constexpr ULONG peer_has_ended = 0x0008;
constexpr ULONG was_aborted = 0x0010;
constexpr ULONG was_closed = 0x0020;
constexpr ULONG can_accept = 0x0080;
constexpr ULONG has_failed_to_connect = 0x0100;

constexpr std::size_t most_parts = 64;

// What stands for the end of a file, where a read met it at once.
constexpr int has_ended = -ENODATA;

/// A function that Winsock hands out on request.
template <class Function>
Function extension(SOCKET socket, GUID name) noexcept {
  Function found = nullptr;
  DWORD size = 0;
  ::WSAIoctl(socket, SIO_GET_EXTENSION_FUNCTION_POINTER, &name, sizeof name, &found, sizeof found,
             &size, nullptr, nullptr);
  return found;
}

int begun(bool completed) noexcept {
  if (completed) {
    return 0;
  }
  const int error = ::WSAGetLastError();
  if (error == WSA_IO_PENDING) {
    return -EINPROGRESS;
  }
  if (error == WSAESHUTDOWN) {
    return -EAGAIN;  // what execute() makes of it is what users shall see
  }
  return -sys::errno_of(static_cast<unsigned long>(error));
}

int start_receive(request& r) noexcept {
  WSABUF into{.len = static_cast<ULONG>(r.op->asked), .buf = static_cast<char*>(r.op->data)};
  return begun(::WSARecv(r.socket, &into, 1, nullptr, &r.flags, &r, nullptr) == 0);
}

int start_receive_message(request& r) noexcept {
  const msghdr& message = *static_cast<const msghdr*>(r.op->data);
  std::array<WSABUF, most_parts> into;
  const std::size_t count = std::min(message.msg_iovlen, most_parts);
  for (std::size_t i = 0; i < count; ++i) {
    const iovec& part = message.msg_iov[i];
    into[i] = {.len = static_cast<ULONG>(part.iov_len), .buf = static_cast<char*>(part.iov_base)};
  }
  return begun(::WSARecv(r.socket, into.data(), static_cast<DWORD>(count), nullptr, &r.flags, &r,
                         nullptr) == 0);
}

int start_accept(request& r) noexcept {
  static const auto accept = extension<LPFN_ACCEPTEX>(r.socket, WSAID_ACCEPTEX);
  const int made = sys::socket(sys::family_of(r.socket), sys::type_of(r.socket), 0);
  if (made < 0) {
    return made;
  }
  r.accepted = sys::as_socket(made);
  DWORD received = 0;
  const int outcome = begun(accept(r.socket, r.accepted, r.addresses.data(), 0,
                                   request::address_room, request::address_room, &received, &r));
  if (outcome != 0 && outcome != -EINPROGRESS) {
    ::closesocket(std::exchange(r.accepted, INVALID_SOCKET));
  }
  return sys::of_listener(outcome);
}

/// ConnectEx() takes bound sockets only.
void bind_if_unbound(SOCKET socket) noexcept {
  sockaddr_storage any{};
  int size = sizeof any;
  auto* const address = reinterpret_cast<sockaddr*>(&any);
  if (::getsockname(socket, address, &size) != 0) {
    any = {};
    any.ss_family = static_cast<sa_family_t>(sys::family_of(socket));
    ::bind(socket, address,
           any.ss_family == AF_INET ? int{sizeof(sockaddr_in)} : int{sizeof(sockaddr_in6)});
  }
}

int start_connect(request& r) noexcept {
  static const auto connect = extension<LPFN_CONNECTEX>(r.socket, WSAID_CONNECTEX);
  bind_if_unbound(r.socket);
  const int outcome =
      begun(connect(r.socket, static_cast<const sockaddr*>(r.op->data),
                    static_cast<int>(*r.op->address_size), nullptr, 0, nullptr, &r));
  // One that was given up goes on in the background, and execute() finds out what comes of it.
  return outcome == -EINVAL ? -EAGAIN : outcome;
}

int start_transfer(request& r) noexcept {
  const auto& what = *static_cast<const file_transfer*>(r.op->data);
  const iovec part = detail::first_part(what, r.op->asked);
  const auto size = static_cast<DWORD>(part.iov_len);
  // A file that was opened to append does so wherever the write is to go.
  const auto offset = static_cast<std::uint64_t>(std::max<std::int64_t>(what.offset, 0));
  r.Offset = static_cast<DWORD>(offset);
  r.OffsetHigh = static_cast<DWORD>(offset >> 32);
  const BOOL completed = r.op->code == opcode::read_at
                             ? ::ReadFile(r.handle, part.iov_base, size, nullptr, &r)
                             : ::WriteFile(r.handle, part.iov_base, size, nullptr, &r);
  return !completed && ::GetLastError() == ERROR_HANDLE_EOF ? has_ended : begun(completed != FALSE);
}

std::ptrdiff_t finish_transfer(request& r) noexcept {
  DWORD size = 0;
  if (::GetOverlappedResult(r.handle, &r, &size, FALSE) || ::GetLastError() == ERROR_HANDLE_EOF) {
    return static_cast<std::ptrdiff_t>(size);
  }
  return -sys::errno_of(::GetLastError());
}

/// Filters between a program and the driver may hand out handles of their own.
HANDLE driver_handle(SOCKET socket) noexcept {
  SOCKET below = INVALID_SOCKET;
  DWORD size = 0;
  const bool found = ::WSAIoctl(socket, SIO_BASE_HANDLE, nullptr, 0, &below, sizeof below, &size,
                                nullptr, nullptr) == 0;
  return reinterpret_cast<HANDLE>(found && below != INVALID_SOCKET ? below : socket);
}

std::ptrdiff_t finish_receive_message(request& r, std::ptrdiff_t size) noexcept {
  msghdr& message = *static_cast<msghdr*>(r.op->data);
  message.msg_namelen = 0;
  message.msg_flags = 0;
  return size;
}

std::ptrdiff_t finish_accept(request& r) noexcept {
  const int made = sys::as_number(std::exchange(r.accepted, INVALID_SOCKET));
  ::setsockopt(sys::as_socket(made), SOL_SOCKET, SO_UPDATE_ACCEPT_CONTEXT,
               reinterpret_cast<const char*>(&r.socket), sizeof r.socket);
  sys::set_nonblocking(made);
  if (r.op->data) {
    sockaddr* here = nullptr;
    sockaddr* peer = nullptr;
    int here_size = 0;
    int peer_size = 0;
    ::GetAcceptExSockaddrs(r.addresses.data(), 0, request::address_room, request::address_room,
                           &here, &here_size, &peer, &peer_size);
    const auto size = static_cast<unsigned>(peer_size);
    std::memcpy(r.op->data, peer, std::min(size, *r.op->address_size));
    *r.op->address_size = size;
  }
  return made;
}

std::ptrdiff_t finish_connect(request& r) noexcept {
  ::setsockopt(r.socket, SOL_SOCKET, SO_UPDATE_CONNECT_CONTEXT, nullptr, 0);
  return 0;
}

std::ptrdiff_t failure(request& r, int error) noexcept {
  if (r.accepted != INVALID_SOCKET) {
    ::closesocket(std::exchange(r.accepted, INVALID_SOCKET));
  }
  if (r.op->code == opcode::accept) {
    return sys::of_listener(-sys::errno_of(static_cast<unsigned long>(error)));
  }
  if (error == WSAESHUTDOWN && direction_of(r.op->code) == direction::in) {
    return 0;
  }
  if (error == WSAEISCONN && r.op->code == opcode::connect) {
    return 0;
  }
  return -sys::errno_of(static_cast<unsigned long>(error));
}

std::ptrdiff_t finish_readiness(request& r) noexcept {
  const auto status = static_cast<NTSTATUS>(r.Internal);
  if (status < 0) {
    return -sys::errno_of(::RtlNtStatusToDosError(status));
  }
  if (r.op->code == opcode::wait_readable || r.op->code == opcode::wait_writable) {
    return 0;
  }
  r.op->polled = true;
  return -EAGAIN;
}

}  // namespace

bool can_be_started(const operation& op) noexcept {
  switch (op.code) {
    case opcode::receive:
      return op.is_stream && op.size > 0 && op.flags == 0;
    case opcode::receive_message:
      return op.is_stream && op.flags == 0 &&
             static_cast<const msghdr*>(op.data)->msg_controllen == 0;
    case opcode::accept:
      return true;
    case opcode::connect:
      return sys::type_of(sys::as_socket(op.target->fd)) == SOCK_STREAM;
    case opcode::read_at:
    case opcode::write_at:
      return true;
    default:
      return false;
  }
}

std::ptrdiff_t result_of_refusal(const operation& op, std::ptrdiff_t error) noexcept {
  const bool connects = op.code == opcode::connect;
  if (connects && error == -EISCONN) {
    return 0;
  }
  if (error == has_ended && op.code == opcode::read_at) {
    return 0;
  }
  const bool goes_on = connects && (error == -EALREADY || error == -EINPROGRESS);
  return error == -EINTR || goes_on ? -EAGAIN : error;
}

int start(request& r) noexcept {
  r.handle = reinterpret_cast<HANDLE>(r.socket);
  switch (r.op->code) {
    case opcode::receive_message:
      return start_receive_message(r);
    case opcode::accept:
      return start_accept(r);
    case opcode::connect:
      return start_connect(r);
    case opcode::read_at:
    case opcode::write_at:
      return start_transfer(r);
    default:
      return start_receive(r);
  }
}

int start_readiness(request& r, SOCKET poller) noexcept {
  constexpr ULONG broken = was_aborted | was_closed | has_failed_to_connect;
  constexpr ULONG in = can_receive | can_receive_urgent | peer_has_ended | can_accept | broken;
  constexpr ULONG out = can_send | broken;
  r.is_readiness = true;
  r.handle = reinterpret_cast<HANDLE>(poller);
  r.query.timeout.QuadPart = INT64_MAX;
  r.query.count = 1;
  r.query.is_exclusive = FALSE;
  r.query.handle = driver_handle(r.socket);
  r.query.events = direction_of(r.op->code) == direction::in ? in : out;
  r.query.status = 0;
  // The request begins as the two words that the driver reports in.
  const NTSTATUS status = ::NtDeviceIoControlFile(
      r.handle, nullptr, nullptr, &r, reinterpret_cast<IO_STATUS_BLOCK*>(&r.Internal),
      query_readiness, &r.query, sizeof r.query, &r.query, sizeof r.query);
  // What is ready at once is reported, too.
  return status >= 0 ? -EINPROGRESS : -sys::errno_of(::RtlNtStatusToDosError(status));
}

std::ptrdiff_t finish(request& r) noexcept {
  if (r.is_readiness) {
    return finish_readiness(r);
  }
  if (is_on_file(r.op->code)) {
    return finish_transfer(r);
  }
  DWORD size = 0;
  if (!::WSAGetOverlappedResult(r.socket, &r, &size, FALSE, &r.flags)) {
    return failure(r, ::WSAGetLastError());
  }
  switch (r.op->code) {
    case opcode::receive_message:
      return finish_receive_message(r, static_cast<std::ptrdiff_t>(size));
    case opcode::accept:
      return finish_accept(r);
    case opcode::connect:
      return finish_connect(r);
    default:
      return static_cast<std::ptrdiff_t>(size);
  }
}

}  // namespace weft::io
