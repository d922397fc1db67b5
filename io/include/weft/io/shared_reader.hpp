#pragma once

#include <cstddef>
#include <span>
#include <utility>

#include <weft/io/descriptor.hpp>
#include <weft/runtime/config.hpp>
#include <weft/runtime/result.hpp>

namespace weft::io {

/// Reads from a handle that other processes have, too, such as the standard input: a pipe, a
/// terminal, a socket or a file, at the position that all share.
///
/// Whether a handle is non-blocking is shared as well: a program that made it so would surprise the
/// shell that it came from, or the next program of a pipeline. So weft leaves it as it is, waits
/// until there is something to be read, and reads it in a way that does not wait, where the system
/// has one, else on the blocking pool.
///
/// Suspends: until there is something to be read.
/// Errors: `end_of_stream`; `closed` when the object is closed, or gets closed meanwhile; the
///   system's; those of blocking(); `operation_canceled` and `timed_out` when a scope around the
///   caller ends: then nothing was read.
/// Cancellation: where the system cannot read without waiting (Linux can, from pipes and sockets
///   since 6.4) and another process takes what there was, the pool waits for more, and the call
///   for the pool. So it does for a device that cannot be asked whether it has something.
/// Threads: calls, close() among them, may come from several fibers at once; who of several readers
///   gets which bytes is left to chance. On a plain thread a call that has to wait blocks the
///   thread.
/// Lifetime: must outlive the calls on it; the destructor closes.
/// Cost: a handle of its own and one pooled object. A read costs what blocking() costs where it is
///   not made at once.
class WEFT_API shared_reader {
 public:
  shared_reader() noexcept = default;
  /// Duplicates a native handle, which stays the caller's. Does not suspend.
  static result<shared_reader> share(int handle) noexcept;

  /// Reads what there is, at least one byte, at most the buffer; from a terminal a line. An empty
  /// buffer reads 0 bytes.
  result<std::size_t> read(std::span<std::byte> buffer) const noexcept;

  /// Closes the object: calls that wait on it end with `closed`. The handle that it was made from
  /// stays open. Idempotent.
  /// Suspends: until those calls have left. Not a cancellation point.
  void close() noexcept { descriptor_.close(); }
  bool is_open() const noexcept { return descriptor_.is_open(); }

 private:
  explicit shared_reader(io::descriptor duplicate) noexcept : descriptor_(std::move(duplicate)) {}

  io::descriptor descriptor_;
};

}  // namespace weft::io
