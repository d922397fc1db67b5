#include "relay_pipe.hpp"

#include <algorithm>
#include <array>
#include <span>

#include <weft/io/detail/syscalls.hpp>

#include "socket.hpp"

namespace weft::detail {

namespace {

// What the pipe is asked to hold; where that is refused, it holds what pipes usually do.
constexpr int pipe_size = 256 * 1024;

result<std::size_t> outcome_of(std::ptrdiff_t n) noexcept {
  return n < 0 ? result<std::size_t>(fail(system_error_of(n))) : static_cast<std::size_t>(n);
}

}  // namespace

bool is_unsupported(std::error_code error) noexcept {
  return error == std::errc::invalid_argument || error == std::errc::function_not_supported ||
         error == std::errc::operation_not_supported;
}

relay_pipe::~relay_pipe() {
  for (const int end : ends_) {
    if (end >= 0) {
      sys::close(end);
    }
  }
}

result<void> relay_pipe::open() noexcept {
  const int error = sys::pipe(ends_, pipe_size);
  return error < 0 ? fail(system_error_of(error)) : result<void>();
}

result<std::size_t> relay_pipe::fill_from(const stream_socket& from) noexcept {
  return from.perform_io(socket_side::read, [this](int fd) noexcept {
    return outcome_of(sys::splice(fd, ends_[1], pipe_size));
  });
}

result<void> relay_pipe::drain_to(const stream_socket& to, std::size_t size) noexcept {
  while (size > 0) {
    auto n = to.perform_io(socket_side::write, [&](int fd) noexcept {
      return outcome_of(sys::splice(ends_[0], fd, size));
    });
    if (!n && is_unsupported(n.error())) {
      n = copy_to(to, size);
    }
    if (!n) {
      return fail(n.error());
    }
    size -= *n;
  }
  return {};
}

result<std::size_t> relay_pipe::copy_to(const stream_socket& to, std::size_t size) const noexcept {
  std::array<std::byte, 8 * 1024> buffer;
  std::size_t wanted = std::min(size, buffer.size());
  const auto n = outcome_of(sys::read(ends_[0], buffer.data(), wanted));
  if (!n) {
    return n;
  }
  const auto written = to.write_all(std::span(buffer).first(*n));
  return written ? n : fail(written.error());
}

}  // namespace weft::detail
