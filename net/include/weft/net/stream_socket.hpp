#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

#include <weft/io/descriptor.hpp>
#include <weft/io/leased_buffer.hpp>
#include <weft/runtime/cancel.hpp>
#include <weft/runtime/config.hpp>
#include <weft/runtime/result.hpp>

namespace weft {

/// A direction of a connection.
enum class socket_side : std::uint8_t { read, write, both };

/// What of a connection can be used without waiting, as far as the system tells. The end of the
/// stream and an error count as readable, and an error also as writable: the call that follows
/// reports it.
struct socket_readiness {
  bool readable = false;
  bool writable = false;
};

/// What all connected stream sockets have in common, TCP or not.
///
/// Every call that moves data suspends the calling fiber, never its thread, until the data has
/// moved, and fails with `operation_canceled` or `timed_out` when a scope around the caller ends,
/// with `closed` when the stream is closed under it, or with the system's error.
///
/// Threads: one fiber may read while another writes, and close() may come from anywhere. Two
/// readers or two writers at once are safe, but who gets which bytes is left to chance. On a plain
/// thread a call that has to wait blocks the thread.
/// Lifetime: must outlive the calls on it; the destructor closes.
/// Cost: one pooled object besides the system's socket.
class WEFT_API stream_socket {
 public:
  /// Buffers that a vectored call takes at most; it leaves the rest.
  static constexpr std::size_t most_buffers = 64;

  /// Reads what there is, at least one byte, at most the buffer.
  /// Errors: `end_of_stream` once the peer has sent everything. An empty buffer reads 0 bytes.
  result<std::size_t> read(std::span<std::byte> buffer) const noexcept;
  /// Reads until the buffer is full.
  /// Errors: `end_of_stream` when the stream ends before that; what was read then is lost.
  result<void> read_exact(std::span<std::byte> buffer) const noexcept;
  /// Fills the buffers in turn with what there is, at least one byte.
  result<std::size_t> read_vectored(std::span<const std::span<std::byte>> buffers) const noexcept;
  /// read() that fails with `operation_would_block` instead of waiting.
  result<std::size_t> try_read(std::span<std::byte> buffer) const noexcept;
  /// read_vectored() likewise.
  result<std::size_t> try_read_vectored(
      std::span<const std::span<std::byte>> buffers) const noexcept;

  /// Reads what there is, at least one byte, into a buffer that weft lends and takes back when the
  /// lease ends. While it waits there is none: a connection that is idle here holds no buffer.
  ///
  /// Errors: those of read(), and `not_enough_memory` when there is no buffer; the data then stays
  ///   for the next read.
  /// Cost: a message of up to 4 KiB costs what read() costs; a connection that has more to say gets
  ///   64 KiB at a time.
  result<io::leased_buffer> read_leased() const noexcept;
  /// read_leased() that fails with `operation_would_block` instead of waiting.
  result<io::leased_buffer> try_read_leased() const noexcept;

  /// read() that leaves what it has read for the next read().
  result<std::size_t> peek(std::span<std::byte> buffer) const noexcept;
  /// peek() that fails with `operation_would_block` instead of waiting.
  result<std::size_t> try_peek(std::span<std::byte> buffer) const noexcept;

  /// Writes what fits the system's buffer, at least one byte.
  result<std::size_t> write(std::span<const std::byte> data) const noexcept;
  /// Writes everything. After an error it is unknown how much was sent.
  result<void> write_all(std::span<const std::byte> data) const noexcept;
  result<void> write_all(std::string_view text) const noexcept {
    return write_all(std::as_bytes(std::span(text)));
  }
  /// Writes from the buffers in turn what fits, at least one byte.
  result<std::size_t> write_vectored(
      std::span<const std::span<const std::byte>> buffers) const noexcept;
  /// Writes all of the buffers, however many. After an error it is unknown how much was sent.
  result<void> write_all_vectored(
      std::span<const std::span<const std::byte>> buffers) const noexcept;
  /// write() that fails with `operation_would_block` instead of waiting.
  result<std::size_t> try_write(std::span<const std::byte> data) const noexcept;
  /// write_vectored() likewise.
  result<std::size_t> try_write_vectored(
      std::span<const std::span<const std::byte>> buffers) const noexcept;

  /// Waits until a read need not wait, and reads nothing: an idle connection needs no buffer.
  result<void> readable() const noexcept;
  /// Waits until a write need not wait.
  result<void> writable() const noexcept;
  /// Waits for either, or for both sides until one of them is ready, and returns what of it is.
  ///
  /// Cost: waiting for both takes a second fiber while neither is ready, and may throw
  /// std::bad_alloc for it.
  result<socket_readiness> ready(socket_side interest) const;

  /// Calls `f(native_handle)` while nobody can close the handle, and returns what it returns, a
  /// `result<T>`: for calls that weft does not make. They must not wait: the handle is
  /// non-blocking.
  ///
  /// Errors: `closed`; and those of `f`.
  template <std::invocable<int> F>
  auto try_io(F&& f) const -> std::invoke_result_t<F, int> {
    const auto held = descriptor_.borrow();
    if (!held) {
      return fail(errc::closed);
    }
    return std::forward<F>(f)(held.native_handle());
  }
  /// try_io() again and again, each time that the side is ready, until `f` returns something else
  /// than `operation_would_block`. Suspends meanwhile. `side` is read or write.
  template <std::invocable<int> F>
  auto perform_io(socket_side side, F&& f) const -> std::invoke_result_t<F&, int> {
    if (auto open = check_cancel(); !open) {
      return fail(open.error());
    }
    for (;;) {
      auto outcome = try_io(f);
      if (outcome || outcome.error() != std::errc::operation_would_block) {
        return outcome;
      }
      if (auto waited = side == socket_side::read ? readable() : writable(); !waited) {
        return fail(waited.error());
      }
    }
  }

  /// Takes the error that is pending on the socket, if there is one: success holds it, or none.
  /// Does not suspend.
  result<std::error_code> take_error() const noexcept;

  /// Ends a direction: the peer sees the end of the stream after what was written; own reads see it
  /// at once. Does not suspend.
  result<void> shutdown(socket_side side) const noexcept;

  /// Closes the connection: calls that wait on it end with `closed`. Idempotent.
  /// Suspends: until those calls have left, briefly. Not a cancellation point.
  void close() noexcept { descriptor_.close(); }
  bool is_open() const noexcept { return descriptor_.is_open(); }

  /// The underlying handle, for what has no call here.
  const io::descriptor& descriptor() const noexcept { return descriptor_; }
  /// Gives the native handle up without closing it; it stays non-blocking. No call may be waiting.
  /// -1 when there is none.
  int release() noexcept { return descriptor_.release(); }

 protected:
  stream_socket() noexcept = default;
  explicit stream_socket(io::descriptor connected) noexcept : descriptor_(std::move(connected)) {}
  stream_socket(stream_socket&&) noexcept = default;
  stream_socket& operator=(stream_socket&&) noexcept = default;
  ~stream_socket() = default;

 private:
  io::descriptor descriptor_;
};

}  // namespace weft
