#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include <weft/runtime/config.hpp>
#include <weft/runtime/detail/parker.hpp>

struct iovec;

namespace weft::io {

class backend;

namespace detail {
class descriptor_state;
class operation_queue;
}  // namespace detail

/// What the system is asked to do.
enum class opcode : std::uint8_t {
  receive,          ///< data, size, flags; stream and datagram sockets
  receive_leased,   ///< flags; data becomes a pooled buffer of `size` bytes if any arrived
  send,             ///< data, size, flags
  receive_message,  ///< data: msghdr*, flags
  send_message,     ///< data: const msghdr*, flags
  read,             ///< data, size; pipes and the like, at their current position
  write,            ///< data, size
  accept,           ///< data: sockaddr* or null, address_size; the result is the new descriptor
  connect,          ///< data: const sockaddr*, *address_size
  wait_readable,    ///< nothing but the wait
  wait_writable,
  // Files only, by perform_on_file().
  read_at,    ///< data: const file_transfer*, size: of its parts together
  write_at,   ///< likewise
  sync,       ///< all that was written is to be on the device
  sync_data,  ///< the same without times and the like
};

/// What is read from a file or written to it, and where.
struct file_transfer {
  const iovec* parts;
  unsigned count;
  /// Below 0: the end of a file that was opened to append.
  std::int64_t offset;
  /// There is no device behind the file that would have to be waited for.
  bool in_memory = false;
  /// It goes past the cache, so it always waits for the device.
  bool direct = false;
};

/// Which of a descriptor's two queues an operation waits in.
enum class direction : std::uint8_t { in, out };

constexpr bool is_on_file(opcode code) noexcept {
  return code >= opcode::read_at;
}

constexpr direction direction_of(opcode code) noexcept {
  switch (code) {
    case opcode::receive:
    case opcode::receive_leased:
    case opcode::receive_message:
    case opcode::read:
    case opcode::accept:
    case opcode::wait_readable:
    case opcode::read_at:
      return direction::in;
    default:
      return direction::out;
  }
}

/// One call to the system that may have to wait. Lives on the stack of the fiber that performs it;
/// nothing refers to it, or to the memory it names, once perform() has returned.
///
/// The caller fills in the first group; the rest belongs to perform() and the backend.
struct operation {
  opcode code;
  /// Byte streams only: fewer bytes than asked for mean that there were, or fit, no more, which
  /// saves a readiness backend the call that would find that out.
  bool is_stream = false;
  int flags = 0;
  void* data = nullptr;
  std::size_t size = 0;
  unsigned* address_size = nullptr;

  /// >= 0, or minus the error number.
  std::ptrdiff_t result = 0;
  std::size_t asked = 0;  // what `size` the call was made with

  detail::descriptor_state* target = nullptr;
  backend* home = nullptr;  // where it waited or waits; null: it has not had to
  weft::detail::wait_token waiter = {};
  std::uint64_t tag = 0;  // the backend's name for it
  operation* next = nullptr;
  operation* previous = nullptr;
  detail::operation_queue* queue = nullptr;  // in which of the descriptor's queues it is
  bool interrupted = false;                  // a closer has seen to it
  // Someone who may be a stranger to the fiber's runtime, a plain thread or a worker of another
  // one, ends the operation just now. It stays inside until this is false: else its fiber could be
  // cancelled, find `done`, and end, its runtime with it, before the other is done with the fiber's
  // control block and the backend. Set under the descriptor's lock.
  std::atomic<bool> held{false};
  bool poll_first = false;        // completion: wait for readiness there, make the call from here
  bool polled = false;            // completion: that is over, or may be: the call comes first
  bool attempt = true;            // readiness: a call might not have to wait
  std::uint32_t events_seen = 0;  // readiness: the side's count when attempt was read
  std::atomic<bool> done{false};  // result is valid; set by the backend, see complete()
};

/// A short name for dumps.
constexpr const char* name_of(opcode code) noexcept {
  switch (code) {
    case opcode::receive:
      return "receive";
    case opcode::receive_leased:
      return "receive into a leased buffer";
    case opcode::send:
      return "send";
    case opcode::receive_message:
      return "receive message";
    case opcode::send_message:
      return "send message";
    case opcode::read:
      return "read";
    case opcode::write:
      return "write";
    case opcode::accept:
      return "accept";
    case opcode::connect:
      return "connect";
    case opcode::wait_readable:
      return "readable";
    case opcode::wait_writable:
      return "writable";
    case opcode::read_at:
      return "read a file";
    case opcode::write_at:
      return "write a file";
    case opcode::sync:
    case opcode::sync_data:
      return "sync a file";
  }
  return "an operation";
}

}  // namespace weft::io
