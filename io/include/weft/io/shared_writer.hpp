#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <utility>

#include <weft/io/descriptor.hpp>
#include <weft/runtime/config.hpp>
#include <weft/runtime/result.hpp>

namespace weft::io {

/// Writes to a handle that other processes have, too, such as the standard output: a pipe, a
/// terminal, a socket or a file, at the position that all share.
///
/// Like shared_reader it leaves a handle blocking that is: it waits until there is room, and writes
/// in a way that does not wait, where the system has one, else no more at a time than there surely
/// is room for, on the blocking pool. Nothing is buffered.
///
/// Suspends: while there is no room.
/// Errors: `broken_pipe` when nobody reads any more, and never the signal SIGPIPE; `closed` when
///   the object is closed, or gets closed meanwhile; the system's; those of blocking();
///   `operation_canceled` and `timed_out` when a scope around the caller ends: then write() has
///   written nothing, and write_all() may have written a part.
/// Cancellation: where the system cannot write without waiting, what the pool has begun is waited
///   for: a terminal may have been stopped, or another process have taken the room meanwhile.
/// Threads: calls, close() among them, may come from several fibers at once. What one write()
///   writes to a pipe stays together if it is at most PIPE_BUF bytes long, 4096 on Linux, 512
///   elsewhere. On a plain thread a call that has to wait blocks the thread.
/// Lifetime: must outlive the calls on it; the destructor closes.
/// Cost: a handle of its own and one pooled object. A write costs what blocking() costs where it is
///   not made at once.
class WEFT_API shared_writer {
 public:
  shared_writer() noexcept = default;
  /// Duplicates a native handle, which stays the caller's. Does not suspend.
  static result<shared_writer> share(int handle) noexcept;

  /// Writes what there is room for, at least one byte.
  result<std::size_t> write(std::span<const std::byte> data) const noexcept;
  /// Writes everything. After an error it is unknown how much was written.
  result<void> write_all(std::span<const std::byte> data) const noexcept;
  result<void> write_all(std::string_view text) const noexcept {
    return write_all(std::as_bytes(std::span(text)));
  }

  /// Closes the object: calls that wait on it end with `closed`. The handle that it was made from
  /// stays open, so whoever reads does not find the end yet. Idempotent.
  /// Suspends: until those calls have left. Not a cancellation point.
  void close() noexcept { descriptor_.close(); }
  bool is_open() const noexcept { return descriptor_.is_open(); }

 private:
  shared_writer(io::descriptor duplicate, std::size_t most_on_pool) noexcept
      : descriptor_(std::move(duplicate)), most_on_pool_(most_on_pool) {}

  io::descriptor descriptor_;
  std::size_t most_on_pool_ = 0;
};

}  // namespace weft::io
