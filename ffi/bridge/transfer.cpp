#include <atomic>
#include <cerrno>
#include <cstring>
#include <limits>

#include <sys/socket.h>

#include <weft/io/detail/syscalls.hpp>

#include "codes.hpp"
#include "datagrams.hpp"
#include "explaining.hpp"
#include "limits.hpp"
#include "local_datagrams.hpp"
#include "read_buffers.hpp"
#include "service.hpp"

/// Reads and writes. Each is tried at once, on the caller's thread, and answered from there when it
/// need not wait: the hop to another thread costs more than all the rest. What must wait is queued
/// and tried again by the socket's poller.
namespace weft::dart {

namespace sys = weft::detail::sys;

namespace {

enum class attempt : bool { must_wait, answered };

void hand_over(socket_slot& slot, std::int64_t id, read_buffer& buffer, std::size_t size) noexcept {
  // Before the post: the finalizer may run before that returns.
  read_buffer::note_lent();
  if (post_external(slot.owner, id, buffer.first(size), &buffer, read_buffer::finalize) ==
      delivery::refused) {
    read_buffer::finalize(nullptr, &buffer);
    slot.orphaned = true;
  }
}

void hand_over_copy(socket_slot& slot, std::int64_t id, read_buffer& buffer,
                    std::size_t size) noexcept {
  if (post_copy(slot.owner, id, buffer.first(size)) == delivery::refused) {
    slot.orphaned = true;
  }
  buffer.recycle();
}

/// Posts what was read, in memory of fitting size.
void deliver(socket_slot& slot, std::int64_t id, read_buffer& buffer, std::size_t size) noexcept {
  if (size <= limits::copied_read) {
    hand_over_copy(slot, id, buffer, size);
    return;
  }
  if (size > buffer.capacity() / 2) {
    hand_over(slot, id, buffer, size);
    return;
  }
  read_buffer* fitting = read_buffer::take(size);
  if (!fitting) {
    hand_over_copy(slot, id, buffer, size);
    return;
  }
  std::memcpy(fitting->data(), buffer.data(), size);
  buffer.recycle();
  hand_over(slot, id, *fitting, size);
}

std::ptrdiff_t receive_bytes(socket_slot& slot, read_buffer& into) noexcept {
  std::size_t size = limits::read_size;
  return sys::receive(slot.fd, into.data(), size, 0);
}

attempt try_read(socket_slot& slot, std::int64_t id) noexcept {
  read_buffer* buffer = read_buffer::take(limits::read_size);
  if (!buffer) {
    reply(slot, id, code::out_of_memory);
    return attempt::answered;
  }
  const std::ptrdiff_t got =
      slot.at == stage::datagrams ? receive_datagram(slot, *buffer) : receive_bytes(slot, *buffer);
  if (got > 0) {
    deliver(slot, id, *buffer, static_cast<std::size_t>(got));
    return attempt::answered;
  }
  buffer->recycle();
  if (got == -EAGAIN) {
    return attempt::must_wait;
  }
  reply(slot, id,
        got == 0           ? code::closed
        : got == -EMSGSIZE ? code::explained(code::out_of_memory, got)
                           : code::explained(code::read_failed, got));
  return attempt::answered;
}

}  // namespace

std::int64_t start_read(socket_slot& slot, std::int64_t id) noexcept {
  if (slot.waiting_in.is_empty() && try_read(slot, id) == attempt::answered) {
    return code::ok;
  }
  plain_request* asked = plain_request::make(id);
  if (!asked || !await_events(slot)) {
    delete asked;
    return code::out_of_memory;
  }
  slot.waiting_in.push(*asked);
  return code::ok;
}

void serve_reads(socket_slot& slot) noexcept {
  for (unsigned left = limits::reads_at_a_time; !slot.waiting_in.is_empty(); --left) {
    if (left == 0) {
      await_turn(slot);
      return;
    }
    if (try_read(slot, slot.waiting_in.front().id) == attempt::must_wait || slot.orphaned) {
      return;
    }
    plain_request::dispose(slot.waiting_in.pop());
  }
}

namespace {

constinit std::atomic<std::size_t> queued_in_all{0};

/// Sends what the system takes now: the number of bytes, or an error that is not EAGAIN.
std::ptrdiff_t send_some(int fd, std::span<const std::byte> data) noexcept {
  std::size_t sent = 0;
  while (sent < data.size()) {
    std::size_t size = data.size() - sent;
    const std::ptrdiff_t moved = sys::send(fd, data.data() + sent, size, MSG_NOSIGNAL);
    if (moved == -EAGAIN) {
      break;
    }
    if (moved < 0) {
      return moved;
    }
    sent += static_cast<std::size_t>(moved);
  }
  return static_cast<std::ptrdiff_t>(sent);
}

std::int64_t shut_down_sending(int fd) noexcept {
  const int error = sys::shutdown(fd, SHUT_WR);
  return error == 0 ? code::ok : code::explained(code::write_failed, error);
}

}  // namespace

std::int64_t queue_write(socket_slot& slot, std::int64_t id, std::int64_t total,
                         std::span<const std::byte> rest, const native_address& to) noexcept {
  write_request* asked = write_request::make(id, total, rest.size());
  if (!asked || !await_events(slot)) {
    std::free(asked);
    return code::out_of_memory;
  }
  if (!rest.empty()) {
    std::memcpy(asked->bytes(), rest.data(), rest.size());
  }
  asked->to = to;
  slot.waiting_out.push(*asked);
  slot.queued += rest.size();
  // A count, and nothing is read by its leave.
  queued_in_all.fetch_add(rest.size(), std::memory_order_relaxed);
  return code::ok;
}

bool is_overfull(const socket_slot& slot) noexcept {
  return slot.queued >= limits::queued_per_handle ||
         queued_in_all.load(std::memory_order_relaxed) >= limits::queued_in_all;
}

void drop_write(socket_slot& slot) noexcept {
  drop_write(slot, static_cast<write_request&>(slot.waiting_out.front()));
}

void drop_write(socket_slot& slot, write_request& over) noexcept {
  slot.waiting_out.remove(over);
  forget_room(slot);
  slot.queued -= over.size;
  queued_in_all.fetch_sub(over.size, std::memory_order_relaxed);
  write_request::dispose(over);
}

std::int64_t start_write(socket_slot& slot, std::int64_t id, std::span<const std::byte> data,
                         at_once how) noexcept {
  if (is_overfull(slot)) {
    return code::out_of_memory;
  }
  const auto total = static_cast<std::int64_t>(data.size());
  if (!slot.waiting_out.is_empty()) {
    return queue_write(slot, id, total, data);
  }
  const auto done = [&](std::int64_t result) noexcept {
    if (how == at_once::returned) {
      return result;
    }
    reply(slot, id, result);
    return code::ok;
  };
  const std::ptrdiff_t sent = send_some(slot.fd, data);
  if (sent < 0) {
    return done(told_to(slot.owner, code::explained(code::write_failed, sent)));
  }
  if (static_cast<std::size_t>(sent) == data.size()) {
    return done(total);
  }
  if (queue_write(slot, id, total, data.subspan(static_cast<std::size_t>(sent))) == code::ok) {
    return code::ok;
  }
  return sent == 0 ? code::out_of_memory : done(code::write_failed);  // too late to refuse it
}

std::int64_t start_close_write(socket_slot& slot, std::int64_t id) noexcept {
  if (!slot.waiting_out.is_empty()) {
    return queue_write(slot, id, 0, {});
  }
  reply(slot, id, shut_down_sending(slot.fd));
  return code::ok;
}

void serve_writes(socket_slot& slot) noexcept {
  std::size_t left = limits::sent_at_a_time;
  while (!slot.waiting_out.is_empty() && !slot.orphaned) {
    auto& front = static_cast<write_request&>(slot.waiting_out.front());
    if (front.is_end()) {
      reply(slot, front.id, shut_down_sending(slot.fd));
      drop_write(slot);
      continue;
    }
    if (left == 0) {
      await_turn(slot);
      return;
    }
    const auto piece = front.unsent().first(std::min(left, front.unsent().size()));
    const std::ptrdiff_t sent = send_some(slot.fd, piece);
    if (sent < 0) {
      reply(slot, front.id, code::explained(code::write_failed, sent));
      drop_write(slot);
      continue;
    }
    front.sent += static_cast<std::size_t>(sent);
    left -= static_cast<std::size_t>(sent);
    if (front.sent == front.size) {
      reply(slot, front.id, front.total);
      drop_write(slot);
    } else if (static_cast<std::size_t>(sent) < piece.size()) {
      return;
    }
  }
}

}  // namespace weft::dart
