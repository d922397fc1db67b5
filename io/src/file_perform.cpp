#include <cerrno>
#include <mutex>

#include <weft/io/backend.hpp>
#include <weft/io/descriptor.hpp>
#include <weft/io/detail/descriptor_state.hpp>
#include <weft/io/detail/syscalls.hpp>
#include <weft/runtime/blocking.hpp>
#include <weft/runtime/detail/parker.hpp>
#include <weft/runtime/detail/worker_access.hpp>

/// A file is always ready, and yet a call on it may wait for a device. What is read is mostly in
/// memory already: so the worker tries first, in a way that does not wait, where the system has
/// one. Only then a backend that carries operations out by itself gets it, or the pool. A file
/// without a device needs neither. Large transfers are kept off the worker all the same.
///
/// The pool has a lease of the descriptor: close() waits for it, and one that the pool has not
/// begun by then is not made.
namespace weft::io {

namespace {

namespace park = weft::detail;
namespace sys = weft::detail::sys;

// What a worker may take its time to copy.
constexpr std::size_t most_at_once = std::size_t{1} << 20;

const file_transfer& transfer_of(const operation& op) noexcept {
  return *static_cast<const file_transfer*>(op.data);
}

std::ptrdiff_t execute(operation& op) noexcept {
  const int file = op.target->fd;
  op.asked = op.size;
  switch (op.code) {
    case opcode::read_at:
      return sys::read_file(file, transfer_of(op), op.asked);
    case opcode::write_at:
      return sys::write_file(file, transfer_of(op), op.asked);
    case opcode::sync:
      return sys::sync_file(file);
    case opcode::sync_data:
      return sys::sync_file_data(file);
    default:
      return -EINVAL;
  }
}

/// -EAGAIN: it would have to wait, or that cannot be told.
std::ptrdiff_t try_to_execute(operation& op) noexcept {
  const bool moves = op.code == opcode::read_at || op.code == opcode::write_at;
  if (!moves || op.size > most_at_once || transfer_of(op).direct) {
    return -EAGAIN;
  }
  if (transfer_of(op).in_memory) {
    return execute(op);
  }
  op.asked = op.size;
  return op.code == opcode::read_at ? sys::try_read_file(op.target->fd, transfer_of(op), op.asked)
                                    : -EAGAIN;
}

std::ptrdiff_t execute_unless_closing(operation& op) noexcept {
  {
    std::lock_guard hold(op.target->lock);
    if (op.target->closing) {
      return -EBADF;
    }
  }
  return execute(op);
}

result<std::size_t> outcome_of(const operation& op) noexcept {
  if (op.result >= 0) {
    return static_cast<std::size_t>(op.result);
  }
  if (op.result == -EBADF) {
    return fail(errc::closed);
  }
  return fail(sys::error_of(op.result));
}

}  // namespace

result<std::size_t> descriptor::perform_on_file(operation& op) const noexcept {
  const park::caller self = park::begin_operation();
  if (self.canceled) {
    return fail(park::cancel_error());
  }
  {
    const lease held = borrow();
    if (!held) {
      return fail(errc::closed);
    }
    op.target = state_;
    op.result = self.events ? try_to_execute(op) : -EAGAIN;
    if (op.result != -EAGAIN) {
      return outcome_of(op);
    }
  }
  const backend* here = backend::of(self.events);
  if (here && here->takes_files()) {
    auto moved = perform(op);
    if (moved || moved.error() != std::errc::operation_not_supported) {
      return moved;
    }
  }
  const lease held = borrow();
  if (!held) {
    return fail(errc::closed);
  }
  const auto made = blocking([&op]() noexcept { op.result = execute_unless_closing(op); });
  return made ? outcome_of(op) : fail(made.error());
}

}  // namespace weft::io
