#include <new>
#include <utility>

#include <weft/io/detail/syscalls.hpp>
#include <weft/io/pipe.hpp>
#include <weft/runtime/detail/worker_access.hpp>

#include "move_all.hpp"
#include "syscalls_pipes.hpp"

/// A read is an operation like any other. A write is not: io_uring would make it in a place where
/// SIGPIPE cannot be held back. So the fiber makes the call itself, and while the pipe is full, all
/// it waits for is room.
namespace weft::io {

namespace {

namespace park = weft::detail;
namespace sys = weft::detail::sys;

constexpr int usual_capacity = 64 * 1024;

/// `adopt(handle)` makes a descriptor of it.
template <class End, class Adopt>
result<End> take_end(int handle, Adopt adopt) noexcept {
  try {
    result<descriptor> taken = adopt(handle);
    return taken ? result<End>(End::from(std::move(*taken))) : fail(taken.error());
  } catch (const std::bad_alloc&) {
    return fail(std::make_error_code(std::errc::not_enough_memory));
  }
}

result<void> wait_for(const descriptor& end, opcode readiness) noexcept {
  operation op{.code = readiness};
  const auto waited = end.perform(op);
  return waited ? result<void>() : fail(waited.error());
}

operation reading(std::span<std::byte> buffer) noexcept {
  return {.code = opcode::read, .data = buffer.data(), .size = buffer.size()};
}

/// A read of nothing where something was asked for is the end.
result<std::size_t> unless_ended(result<std::size_t> moved) noexcept {
  if (moved && *moved == 0) {
    return fail(errc::end_of_stream);
  }
  return moved;
}

}  // namespace

result<pipe> make_pipe() noexcept {
  int ends[2];
  if (const int error = sys::pipe(ends, usual_capacity); error < 0) {
    return fail(sys::error_of(error));
  }
  auto reader = take_end<pipe_reader>(ends[0], &descriptor::adopt_nonblocking);
  if (!reader) {
    sys::close(ends[0]);
    sys::close(ends[1]);
    return fail(reader.error());
  }
  auto writer = take_end<pipe_writer>(ends[1], &descriptor::adopt_nonblocking);
  if (!writer) {
    sys::close(ends[1]);
    return fail(writer.error());
  }
  return pipe{.reader = std::move(*reader), .writer = std::move(*writer)};
}

result<pipe_reader> pipe_reader::adopt(int handle) noexcept {
  return take_end<pipe_reader>(handle, &descriptor::adopt);
}

result<std::size_t> pipe_reader::read(std::span<std::byte> buffer) const noexcept {
  if (buffer.empty()) {
    return 0;
  }
  operation op = reading(buffer);
  return unless_ended(descriptor_.perform(op));
}

result<void> pipe_reader::read_exact(std::span<std::byte> buffer) const noexcept {
  return detail::move_all(buffer, [this](std::span<std::byte> rest) { return read(rest); });
}

result<std::size_t> pipe_reader::try_read(std::span<std::byte> buffer) const noexcept {
  if (buffer.empty()) {
    return 0;
  }
  operation op = reading(buffer);
  return unless_ended(descriptor_.try_perform(op));
}

result<void> pipe_reader::readable() const noexcept {
  return wait_for(descriptor_, opcode::wait_readable);
}

result<pipe_writer> pipe_writer::adopt(int handle) noexcept {
  return take_end<pipe_writer>(handle, &descriptor::adopt);
}

result<std::size_t> pipe_writer::try_write(std::span<const std::byte> data) const noexcept {
  const auto held = descriptor_.borrow();
  if (!held) {
    return fail(errc::closed);
  }
  if (data.empty()) {
    return 0;
  }
  std::size_t size = data.size();
  const std::ptrdiff_t written = sys::write_quietly(held.native_handle(), data.data(), size);
  if (written == -EAGAIN) {
    return fail(std::make_error_code(std::errc::operation_would_block));
  }
  return written < 0 ? fail(sys::error_of(written))
                     : result<std::size_t>(static_cast<std::size_t>(written));
}

result<std::size_t> pipe_writer::write(std::span<const std::byte> data) const noexcept {
  if (park::begin_operation().canceled) {
    return fail(park::cancel_error());
  }
  for (;;) {
    const auto written = try_write(data);
    if (written || written.error() != std::errc::operation_would_block) {
      return written;
    }
    if (const auto room = writable(); !room) {
      return fail(room.error());
    }
  }
}

result<void> pipe_writer::write_all(std::span<const std::byte> data) const noexcept {
  return detail::move_all(data, [this](std::span<const std::byte> rest) { return write(rest); });
}

result<void> pipe_writer::writable() const noexcept {
  return wait_for(descriptor_, opcode::wait_writable);
}

}  // namespace weft::io
