#include <cerrno>
#include <mutex>

#include <weft/io/backend.hpp>
#include <weft/io/descriptor.hpp>
#include <weft/io/detail/descriptor_state.hpp>
#include <weft/io/detail/syscalls.hpp>
#include <weft/runtime/blocking.hpp>
#include <weft/runtime/detail/parker.hpp>
#include <weft/runtime/detail/worker_access.hpp>

#include "execute.hpp"

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

// What a worker may take its time to copy.
constexpr std::size_t most_at_once = std::size_t{1} << 20;

bool is_in_memory(const operation& op) noexcept {
  return (op.code == opcode::read_at || op.code == opcode::write_at) && op.size <= most_at_once &&
         static_cast<const file_transfer*>(op.data)->in_memory;
}

bool may_be_in_memory(const operation& op) noexcept {
  return op.code == opcode::read_at && op.size <= most_at_once;
}

std::ptrdiff_t execute_unless_closing(operation& op) noexcept {
  {
    std::lock_guard hold(op.target->lock);
    if (op.target->closing) {
      return -EBADF;
    }
  }
  return detail::execute_on_file(op);
}

result<std::size_t> outcome_of(const operation& op) noexcept {
  if (op.result >= 0) {
    return static_cast<std::size_t>(op.result);
  }
  if (op.result == -EBADF) {
    return fail(errc::closed);
  }
  return fail(weft::detail::sys::error_of(op.result));
}

}  // namespace

result<std::size_t> descriptor::perform_on_file(operation& op) const noexcept {
  const bool at_once = is_in_memory(op);
  const backend* here = backend::current();
  if (here && here->takes_files() && !at_once) {
    op.polled = may_be_in_memory(op);  // the call comes first
    auto moved = perform(op);
    if (moved || moved.error() != std::errc::operation_not_supported) [[likely]] {
      return moved;
    }
  }
  const park::caller self = park::begin_operation();
  if (self.canceled) {
    return fail(park::cancel_error());
  }
  const lease held = borrow();
  if (!held) {
    return fail(errc::closed);
  }
  op.target = state_;
  op.result = -EAGAIN;
  if (at_once) {
    op.result = detail::execute_on_file(op);
  } else if (here && may_be_in_memory(op)) {
    op.result = detail::execute(op);
  }
  if (op.result == -EAGAIN) {
    const auto made = blocking([&op]() noexcept { op.result = execute_unless_closing(op); });
    if (!made) {
      return fail(made.error());
    }
  }
  return outcome_of(op);
}

}  // namespace weft::io
