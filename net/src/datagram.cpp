// Datagrams are sent by calls of our own that do not wait, and a wait for room between them, never
// by an operation that a backend may hand to the kernel to repeat: what io_uring repeats (as of
// Linux 6.18) goes on in the data where the first attempt has ended, and an attempt may end there
// though it has sent nothing. A Unix socket whose receiver is full copies the data before it finds
// out; the receiver would then get an empty datagram.

#include "datagram.hpp"

#include <algorithm>
#include <cerrno>

#include <sys/socket.h>

#include <weft/io/detail/syscalls.hpp>
#include <weft/runtime/detail/parker.hpp>
#include <weft/runtime/detail/worker_access.hpp>

#include "socket.hpp"

namespace weft::detail {

namespace {

/// For messages, which are moved whole.
result<void> without_size(const result<std::size_t>& moved) noexcept {
  return moved ? result<void>() : fail(moved.error());
}

result<void> wait_for(const io::descriptor& socket, io::opcode code) noexcept {
  io::operation op{.code = code};
  return without_size(socket.perform(op));
}

result<std::size_t> carry_out(const io::descriptor& socket, io::operation& op,
                              waiting mode) noexcept {
  return mode == waiting::allowed ? socket.perform(op) : socket.try_perform(op);
}

/// Makes a call that sends until it need not wait.
template <class Call>
result<std::size_t> transmit(const io::descriptor& socket, waiting mode, Call call) noexcept {
  for (;;) {
    if (mode == waiting::allowed) {
      if (auto open = may_go_on(); !open) {
        return fail(open.error());
      }
    }
    std::ptrdiff_t sent = 0;
    {
      const auto handle = socket.borrow();
      if (!handle) {
        return fail(errc::closed);
      }
      sent = call(handle.native_handle());
    }
    if (sent >= 0) {
      return static_cast<std::size_t>(sent);
    }
    if (sent != -EAGAIN) {
      return fail(system_error_of(sent));
    }
    if (mode == waiting::refused) {
      return fail(std::make_error_code(std::errc::operation_would_block));
    }
    if (auto room = wait_writable(socket); !room) {
      return fail(room.error());
    }
  }
}

}  // namespace

result<arrived> receive_datagram(const io::descriptor& socket, std::span<std::byte> buffer,
                                 sockaddr* from, unsigned& from_size, waiting mode,
                                 taking how) noexcept {
  iovec part{.iov_base = buffer.data(), .iov_len = buffer.size()};
  msghdr message{};
  message.msg_name = from;
  message.msg_namelen = from_size;
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  // MSG_TRUNC: the system tells the whole size, even of what does not fit.
  io::operation op{.code = io::opcode::receive_message,
                   .flags = MSG_TRUNC | (how == taking::peeks ? MSG_PEEK : 0),
                   .data = &message};
  const auto size = carry_out(socket, op, mode);
  if (!size) {
    return fail(size.error());
  }
  from_size = message.msg_namelen;
  return arrived{.size = std::min(*size, buffer.size()),
                 .truncated = (message.msg_flags & MSG_TRUNC) != 0};
}

result<std::size_t> receive_datagram(const io::descriptor& socket, std::span<std::byte> buffer,
                                     waiting mode, taking how) noexcept {
  io::operation op{.code = io::opcode::receive,
                   .flags = MSG_TRUNC | (how == taking::peeks ? MSG_PEEK : 0),
                   .data = buffer.data(),
                   .size = buffer.size()};
  const auto size = carry_out(socket, op, mode);
  if (size && *size > buffer.size() && how == taking::takes) {
    return fail(std::make_error_code(std::errc::message_size));
  }
  return size ? std::min(*size, buffer.size()) : size;
}

result<void> send_datagram(const io::descriptor& socket, std::span<const std::byte> data,
                           const sockaddr* to, unsigned to_size, waiting mode) noexcept {
  return without_size(
      transmit(socket, mode, [&](int fd) noexcept { return sys::send_to(fd, data, to, to_size); }));
}

result<std::size_t> send_message(const io::descriptor& socket, const msghdr& message,
                                 waiting mode) noexcept {
  return transmit(socket, mode,
                  [&](int fd) noexcept { return sys::send_message(fd, &message, 0); });
}

result<void> may_go_on() noexcept {
  if (begin_operation().canceled) [[unlikely]] {
    return fail(cancel_error());
  }
  return {};
}

result<void> wait_readable(const io::descriptor& socket) noexcept {
  return wait_for(socket, io::opcode::wait_readable);
}

result<void> wait_writable(const io::descriptor& socket) noexcept {
  return wait_for(socket, io::opcode::wait_writable);
}

result<void> name_peer(const io::descriptor& socket, const sockaddr* peer, unsigned size) noexcept {
  return do_on(socket, [&](int fd) noexcept { return sys::connect(fd, peer, size); });
}

result<void> forget_peer(const io::descriptor& socket) noexcept {
  sockaddr nobody{};
  nobody.sa_family = AF_UNSPEC;
  const auto done = name_peer(socket, &nobody, sizeof nobody);
  // The BSDs do it and then complain of the address.
  return !done && done.error() == std::errc::address_family_not_supported ? result<void>() : done;
}

}  // namespace weft::detail
