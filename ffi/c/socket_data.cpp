#include <chrono>
#include <system_error>

#include <weft/ffi/weft.h>
#include <weft/runtime/sleep.hpp>

#include "arguments.hpp"
#include "objects.hpp"
#include "socket_object.hpp"

/// Reading, writing, accepting.
using namespace weft::c;

namespace {

using weft::io::direction;
using bytes = std::span<std::byte>;
using const_bytes = std::span<const std::byte>;
using moved = weft::result<std::size_t>;

/// The kinds of sockets that a call is for; others are WEFT_E_WRONG_KIND.
enum class only { streams, any };

/// Checks what all transfers check, and calls `f(socket, limits)`.
template <class F>
std::int64_t transfer_on(weft_handle handle, const void* data, std::size_t size, only kinds,
                         std::int64_t timeout, weft_handle cancel, F f) noexcept {
  return guarded([&]() -> std::int64_t {
    if (const int error = check_memory(data, size)) {
      return error;
    }
    pinned<socket_object> s;
    if (const int error = find(handle, s)) {
      return misused(error);
    }
    if (kinds == only::streams ? !s->is_stream() : s->is_listener()) {
      return misused(WEFT_E_WRONG_KIND, "the socket does not carry such data");
    }
    if (size == 0 && s->is_stream()) {
      return misused(WEFT_E_INVALID_ARGUMENT, "size is 0");
    }
    limits how;
    if (const int error = read_limits(timeout, cancel, how)) {
      return error;
    }
    return f(*s, how);
  });
}

std::int64_t number(const moved& done, const limits& how) noexcept {
  return done ? static_cast<std::int64_t>(*done) : how.failed(done.error());
}

/// For listeners, which do not come this far.
std::unexpected<std::error_code> no_data_here() noexcept {
  return weft::fail(std::make_error_code(std::errc::not_connected));
}

moved receive(socket_object& s, bytes buffer, const limits& how) {
  if (const auto* stream = s.stream()) {
    return transfer(
        s, direction::in, how, [&] { return stream->try_read(buffer); },
        [&] { return stream->read(buffer); });
  }
  return std::visit(
      [&](const auto& socket) -> moved {
        if constexpr (requires { socket.try_receive(buffer); }) {
          return transfer(
              s, direction::in, how, [&] { return socket.try_receive(buffer); },
              [&] { return socket.receive(buffer); });
        } else if constexpr (requires { socket.recv(buffer); }) {
          const auto call = [&] { return socket.recv(buffer); };
          return transfer(
              s, direction::in, how, [&] { return when_ready(s, direction::in, call); }, call);
        } else {
          return no_data_here();
        }
      },
      s.any);
}

moved sent_whole(const weft::result<void>& done, const_bytes data) {
  return done ? moved(data.size()) : weft::fail(done.error());
}

moved send(socket_object& s, const_bytes data, const limits& how) {
  if (const auto* stream = s.stream()) {
    return transfer(
        s, direction::out, how, [&] { return stream->try_write(data); },
        [&] { return stream->write(data); });
  }
  return std::visit(
      [&](const auto& socket) -> moved {
        if constexpr (requires { socket.try_receive(bytes()); }) {
          return transfer(
              s, direction::out, how, [&] { return sent_whole(socket.try_send(data), data); },
              [&] { return sent_whole(socket.send(data), data); });
        } else if constexpr (requires { socket.recv(bytes()); }) {
          const auto call = [&] { return socket.send(data); };
          return transfer(
              s, direction::out, how, [&] { return when_ready(s, direction::out, call); }, call);
        } else {
          return no_data_here();
        }
      },
      s.any);
}

std::int64_t end_as_zero(const moved& done, const limits& how) noexcept {
  return !done && done.error() == weft::errc::end_of_stream ? 0 : number(done, how);
}

/// Moves all of `left` by calls of `step`, in one scope where there is a fiber.
template <class Span, class Step>
moved move_all(Span left, const limits& how, Step step) {
  const std::size_t all = left.size();
  const auto loop = [&](const limits& each) -> moved {
    while (!left.empty()) {
      const moved done = step(left, each);
      if (!done) {
        return done;
      }
      left = left.subspan(*done);
    }
    return all;
  };
  if (how.no_wait || !in_fiber()) {
    return loop(how);
  }
  static const limits unlimited;
  return within(how, [&] { return loop(unlimited); });
}

/// Whether the process or the system has run out of descriptors, which may be over in a moment.
bool is_shortage(std::error_code error) noexcept {
  return error == std::errc::too_many_files_open ||
         error == std::errc::too_many_files_open_in_system ||
         error == std::errc::not_enough_memory || error == std::errc::no_buffer_space;
}

/// Listeners try again for as long as the system is short of something; on a thread that is done
/// here.
template <class Listener>
auto accept_from(socket_object& s, const Listener& listener, const limits& how) {
  for (;;) {
    auto made = [&] {
      if constexpr (requires { listener.try_accept(); }) {
        return transfer(
            s, direction::in, how, [&] { return listener.try_accept(); },
            [&] { return listener.accept(); });
      } else {
        const auto call = [&] { return listener.accept(); };
        return transfer(
            s, direction::in, how, [&] { return when_ready(s, direction::in, call); }, call);
      }
    }();
    if (made || how.no_wait || in_fiber() || !is_shortage(made.error())) {
      return made;
    }
    const auto slept = within(how, [] { return weft::sleep_for(std::chrono::milliseconds(20)); });
    if (!slept) {
      return decltype(made)(weft::fail(slept.error()));
    }
  }
}

}  // namespace

extern "C" {

weft_handle weft_accept(weft_handle handle, std::int64_t timeout, weft_handle cancel) noexcept {
  return guarded([&]() -> weft_handle {
    pinned<socket_object> s;
    if (const int error = find(handle, s)) {
      return misused(error);
    }
    limits how;
    if (const int error = read_limits(timeout, cancel, how)) {
      return error;
    }
    return std::visit(
        [&](const auto& listener) -> weft_handle {
          if constexpr (requires { listener.accept(); }) {
            auto made = accept_from(*s, listener, how);
            return made ? opened<socket_object>(std::move(*made)) : how.failed(made.error());
          } else {
            return misused(WEFT_E_WRONG_KIND, "not a listener");
          }
        },
        s->any);
  });
}

std::int64_t weft_read(weft_handle stream, void* buffer, std::size_t size, std::int64_t timeout,
                       weft_handle cancel) noexcept {
  return transfer_on(stream, buffer, size, only::streams, timeout, cancel,
                     [&](socket_object& s, const limits& how) {
                       return end_as_zero(receive(s, writable(buffer, size), how), how);
                     });
}

std::int64_t weft_read_exact(weft_handle stream, void* buffer, std::size_t size,
                             std::int64_t timeout, weft_handle cancel) noexcept {
  return transfer_on(stream, buffer, size, only::streams, timeout, cancel,
                     [&](socket_object& s, const limits& how) {
                       return number(move_all(writable(buffer, size), how,
                                              [&](bytes left, const limits& each) {
                                                return receive(s, left, each);
                                              }),
                                     how);
                     });
}

std::int64_t weft_write(weft_handle stream, const void* data, std::size_t size,
                        std::int64_t timeout, weft_handle cancel) noexcept {
  return transfer_on(stream, data, size, only::streams, timeout, cancel,
                     [&](socket_object& s, const limits& how) {
                       return number(send(s, readable(data, size), how), how);
                     });
}

std::int64_t weft_write_all(weft_handle stream, const void* data, std::size_t size,
                            std::int64_t timeout, weft_handle cancel) noexcept {
  return transfer_on(
      stream, data, size, only::streams, timeout, cancel, [&](socket_object& s, const limits& how) {
        return number(
            move_all(readable(data, size), how,
                     [&](const_bytes left, const limits& each) { return send(s, left, each); }),
            how);
      });
}

std::int64_t weft_recv(weft_handle socket, void* buffer, std::size_t size, std::int64_t timeout,
                       weft_handle cancel) noexcept {
  return transfer_on(socket, buffer, size, only::any, timeout, cancel,
                     [&](socket_object& s, const limits& how) {
                       return end_as_zero(receive(s, writable(buffer, size), how), how);
                     });
}

std::int64_t weft_send(weft_handle socket, const void* data, std::size_t size, std::int64_t timeout,
                       weft_handle cancel) noexcept {
  return transfer_on(socket, data, size, only::any, timeout, cancel,
                     [&](socket_object& s, const limits& how) {
                       return number(send(s, readable(data, size), how), how);
                     });
}
}
