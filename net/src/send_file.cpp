#include <algorithm>
#include <cerrno>
#include <memory>

#include <weft/io/detail/syscalls.hpp>
#include <weft/net/relay.hpp>
#include <weft/runtime/yield.hpp>

#include "relay_pipe.hpp"
#include "socket.hpp"

namespace weft {

namespace {

namespace sys = detail::sys;

// One call sends no more, so that other fibers have their turn.
constexpr std::uint64_t most_at_once = 1024 * 1024;

/// Sends what sendfile() takes, at least one byte unless the file has ended.
result<std::uint64_t> send_piece(const stream_socket& to, int file, std::uint64_t offset,
                                 std::uint64_t size) noexcept {
  auto position = static_cast<std::int64_t>(offset);
  return to.perform_io(socket_side::write, [&](int socket) noexcept -> result<std::uint64_t> {
    const auto n = sys::send_file(socket, file, position,
                                  static_cast<std::size_t>(std::min(size, most_at_once)));
    return n < 0 ? result<std::uint64_t>(fail(detail::system_error_of(n)))
                 : static_cast<std::uint64_t>(n);
  });
}

result<std::uint64_t> copy_piece(const stream_socket& to, int file, std::uint64_t offset,
                                 std::span<std::byte> buffer) noexcept {
  const auto n =
      sys::read_at(file, buffer.data(), buffer.size(), static_cast<std::int64_t>(offset));
  if (n < 0) {
    return fail(detail::system_error_of(n));
  }
  const auto size = static_cast<std::size_t>(n);
  if (auto written = to.write_all(buffer.first(size)); !written) {
    return fail(written.error());
  }
  return size;
}

/// For what sendfile() does not read from, or write to.
result<std::uint64_t> copy_file(const stream_socket& to, int file, std::uint64_t offset,
                                std::uint64_t size) {
  constexpr std::uint64_t buffer_size = 64 * 1024;
  const auto buffer = std::make_unique_for_overwrite<std::byte[]>(buffer_size);
  for (std::uint64_t sent = 0;;) {
    const std::span piece(buffer.get(),
                          static_cast<std::size_t>(std::min(buffer_size, size - sent)));
    const auto n = piece.empty() ? 0 : copy_piece(to, file, offset + sent, piece);
    if (!n || *n == 0) {
      return n ? sent : n;
    }
    sent += *n;
  }
}

}  // namespace

result<std::uint64_t> send_file(const stream_socket& to, int file, std::uint64_t offset,
                                std::uint64_t size) {
  for (std::uint64_t sent = 0;;) {
    const auto n = sent < size ? send_piece(to, file, offset + sent, size - sent) : 0;
    if (!n && sent == 0 && detail::is_unsupported(n.error())) {
      return copy_file(to, file, offset, size);
    }
    if (!n || *n == 0) {
      return n ? sent : n;
    }
    sent += *n;
    if (auto turn = maybe_yield(); !turn) {
      return fail(turn.error());
    }
  }
}

}  // namespace weft
