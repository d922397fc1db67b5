#pragma once

#include <cstddef>
#include <span>
#include <utility>

#include <weft/io/descriptor.hpp>
#include <weft/runtime/config.hpp>
#include <weft/runtime/result.hpp>

namespace weft::io {

/// The end of a pipe that is read from.
///
/// Suspends: read(), read_exact() and readable(), while there is nothing to be read.
/// Errors: `end_of_stream` when all writers have closed and everything is read; `closed` when this
///   end is closed, or gets closed meanwhile; the system's; `operation_canceled` and `timed_out`
///   when a scope around the caller ends: then nothing was read.
/// Threads: calls, close() among them, may come from several fibers at once; who of several readers
///   gets which bytes is left to chance. On a plain thread a call that has to wait blocks the
///   thread.
/// Lifetime: must outlive the calls on it; the destructor closes.
/// Cost: one pooled object besides the system's.
class WEFT_API pipe_reader {
 public:
  pipe_reader() noexcept = default;
  /// Takes over a native handle, of a named pipe (FIFO) for example, and makes it non-blocking,
  /// also for those who share it. After an error it is still the caller's. Does not suspend.
  static result<pipe_reader> adopt(int handle) noexcept;

  /// Reads what there is, at least one byte, at most the buffer. An empty buffer reads 0 bytes.
  result<std::size_t> read(std::span<std::byte> buffer) const noexcept;
  /// Reads until the buffer is full.
  /// Errors: `end_of_stream` when the stream ends before that; what was read then is lost.
  result<void> read_exact(std::span<std::byte> buffer) const noexcept;
  /// read() that fails with `operation_would_block` instead of waiting.
  result<std::size_t> try_read(std::span<std::byte> buffer) const noexcept;
  /// Waits until a read need not wait, and reads nothing. So does the end of the stream.
  result<void> readable() const noexcept;

  /// Closes this end: calls that wait on it end with `closed`, and writers hear that nobody reads
  /// any more. Idempotent.
  /// Suspends: until those calls have left, briefly. Not a cancellation point.
  void close() noexcept { descriptor_.close(); }
  bool is_open() const noexcept { return descriptor_.is_open(); }

  /// The underlying handle, for what has no call here.
  const io::descriptor& descriptor() const noexcept { return descriptor_; }
  /// Gives the native handle up without closing it; it stays non-blocking. No call may be waiting.
  /// -1 when there is none.
  int release() noexcept { return descriptor_.release(); }

  /// Takes over an open end.
  static pipe_reader from(io::descriptor opened) noexcept { return pipe_reader(std::move(opened)); }

 private:
  explicit pipe_reader(io::descriptor opened) noexcept : descriptor_(std::move(opened)) {}

  io::descriptor descriptor_;
};

}  // namespace weft::io
