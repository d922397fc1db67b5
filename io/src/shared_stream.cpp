#include <algorithm>
#include <cerrno>
#include <new>

#include <poll.h>
#include <unistd.h>

#include <weft/io/detail/syscalls.hpp>
#include <weft/io/standard_streams.hpp>
#include <weft/runtime/blocking.hpp>
#include <weft/runtime/cancel.hpp>
#include <weft/runtime/detail/worker_access.hpp>

#include "move_all.hpp"
#include "pool_call.hpp"
#include "syscalls_pipes.hpp"

/// A call that might wait must not be made on a worker, and what the pool makes cannot be given up.
/// So the call comes as late as can be: a form of it that does not wait; then the wait until the
/// handle is ready, which can be given up; then that form again; and only where there is none, the
/// call itself, on the pool, after another look. Nobody else can be kept from taking what there is
/// between that look and the call.
namespace weft::io {

namespace {

namespace park = weft::detail;
namespace sys = weft::detail::sys;

/// A handle, and what is to be done with it.
struct stream_call {
  const descriptor& handle;
  opcode readiness;
  short events;

  result<void> await() const noexcept {
    operation op{.code = readiness};
    const auto waited = handle.perform(op);
    return waited ? result<void>() : fail(waited.error());
  }
};

result<std::size_t> outcome_of(std::ptrdiff_t moved) noexcept {
  return moved < 0 ? fail(sys::error_of(moved))
                   : result<std::size_t>(static_cast<std::size_t>(moved));
}

/// `attempt(fd)` makes the call if it need not wait, `make_it(fd)` makes it; both may say EAGAIN.
template <class Attempt, class Make>
result<std::size_t> perform(const stream_call& what, Attempt attempt, Make make_it) noexcept {
  if (park::begin_operation().canceled) {
    return fail(park::cancel_error());
  }
  bool has_waited = false;
  bool is_told = true;  // whether the system tells when the handle is ready
  for (;;) {
    {
      const auto held = what.handle.borrow();
      if (!held) {
        return fail(errc::closed);
      }
      const int fd = held.native_handle();
      std::ptrdiff_t moved = attempt(fd);
      if (moved == -EAGAIN && has_waited) {
        const auto made = blocking([&]() noexcept -> std::ptrdiff_t {
          const bool may_wait = is_told && sys::poll(fd, what.events, time_point::min()) == 0;
          return may_wait ? -EAGAIN : make_it(fd);
        });
        if (!made) {
          return fail(made.error());
        }
        moved = *made;
      }
      if (moved != -EAGAIN) {
        return outcome_of(moved);
      }
    }
    const auto ready = what.await();
    if (!ready && (ready.error() == errc::closed || !check_cancel())) {
      return fail(ready.error());
    }
    is_told = ready.has_value();
    has_waited = true;
  }
}

/// A descriptor for a handle of its own.
template <class Stream, class Make>
result<Stream> share_by(int handle, Make make_it) noexcept {
  const int own = sys::duplicate(handle);
  if (own < 0) {
    return fail(sys::error_of(own));
  }
  try {
    // Of what is done with it nothing fails because it would have to wait.
    return make_it(descriptor::adopt_nonblocking(own));
  } catch (const std::bad_alloc&) {
    sys::close(own);
    return fail(std::make_error_code(std::errc::not_enough_memory));
  }
}

template <class Stream>
result<Stream> named(std::string_view name, result<Stream> opened) noexcept {
  return opened ? std::move(opened) : detail::refused("open", name, opened.error());
}

}  // namespace

result<shared_reader> shared_reader::share(int handle) noexcept {
  return share_by<shared_reader>(handle,
                                 [](descriptor own) { return shared_reader(std::move(own)); });
}

result<std::size_t> shared_reader::read(std::span<std::byte> buffer) const noexcept {
  if (buffer.empty()) {
    return 0;
  }
  const auto moved = perform(
      {.handle = descriptor_, .readiness = opcode::wait_readable, .events = POLLIN},
      [&](int fd) noexcept {
        std::size_t size = buffer.size();
        return sys::try_read(fd, buffer.data(), size);
      },
      [&](int fd) noexcept {
        std::size_t size = buffer.size();
        return sys::read(fd, buffer.data(), size);
      });
  return moved && *moved == 0 ? fail(errc::end_of_stream) : moved;
}

result<shared_writer> shared_writer::share(int handle) noexcept {
  return share_by<shared_writer>(handle, [handle](descriptor own) {
    return shared_writer(std::move(own), sys::room_when_writable(handle));
  });
}

result<std::size_t> shared_writer::write(std::span<const std::byte> data) const noexcept {
  if (data.empty()) {
    return 0;
  }
  const auto moved = perform(
      {.handle = descriptor_, .readiness = opcode::wait_writable, .events = POLLOUT},
      [&](int fd) noexcept {
        std::size_t size = data.size();
        return sys::try_write_quietly(fd, data.data(), size);
      },
      [&](int fd) noexcept {
        std::size_t size = std::min(data.size(), most_on_pool_);
        return sys::write_quietly(fd, data.data(), size);
      });
  // A device that takes nothing, and does not say why, would be asked for ever.
  return moved && *moved == 0 ? fail(std::make_error_code(std::errc::io_error)) : moved;
}

result<void> shared_writer::write_all(std::span<const std::byte> data) const noexcept {
  return detail::move_all(data, [this](std::span<const std::byte> rest) { return write(rest); });
}

result<shared_reader> standard_input() noexcept {
  return named("the standard input", shared_reader::share(STDIN_FILENO));
}

result<shared_writer> standard_output() noexcept {
  return named("the standard output", shared_writer::share(STDOUT_FILENO));
}

result<shared_writer> standard_error() noexcept {
  return named("the standard error", shared_writer::share(STDERR_FILENO));
}

}  // namespace weft::io
