#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <utility>

#include <weft/io/descriptor.hpp>
#include <weft/runtime/config.hpp>
#include <weft/runtime/result.hpp>

namespace weft::io {

/// The end of a pipe that is written to.
///
/// Suspends: write(), write_all() and writable(), while the pipe is full.
/// Errors: `broken_pipe` when nobody reads any more, and never the signal SIGPIPE, whatever it does
///   to the process; `closed` when this end is closed, or gets closed meanwhile; the system's;
///   `operation_canceled` and `timed_out` when a scope around the caller ends: then write() has
///   written nothing, and write_all() may have written a part.
/// Threads: calls, close() among them, may come from several fibers at once. What one write()
///   writes stays together if it is at most PIPE_BUF bytes long, 4096 on Linux, 512 elsewhere. On a
///   plain thread a call that has to wait blocks the thread.
/// Lifetime: must outlive the calls on it; the destructor closes.
/// Cost: one pooled object besides the system's. To hold SIGPIPE back takes two system calls
///   beside each write.
class WEFT_API pipe_writer {
 public:
  pipe_writer() noexcept = default;
  /// Takes over a native handle, of a named pipe (FIFO) for example, and makes it non-blocking,
  /// also for those who share it. After an error it is still the caller's. Does not suspend.
  static result<pipe_writer> adopt(int handle) noexcept;

  /// Writes what fits, at least one byte.
  result<std::size_t> write(std::span<const std::byte> data) const noexcept;
  /// Writes everything. After an error it is unknown how much was written.
  result<void> write_all(std::span<const std::byte> data) const noexcept;
  result<void> write_all(std::string_view text) const noexcept {
    return write_all(std::as_bytes(std::span(text)));
  }
  /// write() that fails with `operation_would_block` instead of waiting.
  result<std::size_t> try_write(std::span<const std::byte> data) const noexcept;
  /// Waits until a write need not wait, or would tell that nobody reads any more.
  result<void> writable() const noexcept;

  /// Closes this end: calls that wait on it end with `closed`, and readers find the end of the
  /// stream after what was written, unless others have this end, too. Idempotent.
  /// Suspends: until those calls have left, briefly. Not a cancellation point.
  void close() noexcept { descriptor_.close(); }
  bool is_open() const noexcept { return descriptor_.is_open(); }

  /// The underlying handle, for what has no call here.
  const io::descriptor& descriptor() const noexcept { return descriptor_; }
  /// Gives the native handle up without closing it; it stays non-blocking. No call may be waiting.
  /// -1 when there is none.
  int release() noexcept { return descriptor_.release(); }

  /// Takes over an open end.
  static pipe_writer from(io::descriptor opened) noexcept { return pipe_writer(std::move(opened)); }

 private:
  explicit pipe_writer(io::descriptor opened) noexcept : descriptor_(std::move(opened)) {}

  io::descriptor descriptor_;
};

}  // namespace weft::io
