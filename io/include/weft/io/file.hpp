#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <weft/io/descriptor.hpp>
#include <weft/io/file_options.hpp>
#include <weft/io/operation.hpp>
#include <weft/runtime/config.hpp>
#include <weft/runtime/result.hpp>

namespace weft::detail::sys {
struct file_modes;
}

namespace weft::io {

/// An open file, or whatever else has positions to read from and write to: a block device,
/// /dev/null.
///
/// Suspends: every call but those that say otherwise, until it is done. On Linux what is in the
///   system's memory is read without suspending, and so are files that are nowhere else read and
///   written. The rest io_uring and IOCP do; where there is neither, and for open(), size() and
///   resize() everywhere, the blocking pool does.
/// Errors: the system's; `closed` when the file is closed, or gets closed meanwhile;
///   `bad_file_descriptor` when it was not opened for that; `invalid_argument` for positions beyond
///   2^63 - 1; those of blocking(); `operation_canceled` and `timed_out` when a scope around the
///   caller ends.
/// Cancellation: a call that has not begun is not made. One that the system has begun is mostly
///   waited for, for a device cannot be interrupted: then it delivers what has come of it. Either
///   way nobody touches the buffer any more when the call returns. A cancelled write_all() may have
///   written a part.
/// Threads: the calls with a position may come from several fibers at once, and so may close(); the
///   object's own position is for one at a time. On a plain thread a call blocks the thread.
/// Lifetime: must outlive the calls on it; the destructor closes.
/// Cost: one pooled object besides the system's. A call on the pool costs what blocking() costs.
class WEFT_API file {
 public:
  /// Buffers that a vectored call takes at most; it leaves the rest.
  static constexpr std::size_t most_buffers = 64;

  file() noexcept = default;
  /// Errors: `invalid_argument` also for a path with a zero in it, and for options that would
  ///   change a file without write access; `is_a_directory`; `invalid_seek` for a FIFO or a socket,
  ///   which is a matter for io::descriptor.
  static result<file> open(const std::string& path, const file_options& options = {});
  /// Takes over a native handle, which shall not be non-blocking: if it is, that is changed. After
  /// an error it is still the caller's. Windows: one opened for overlapped calls. That it goes past
  /// the cache is seen on Linux and where else there is O_DIRECT. Does not suspend.
  static result<file> adopt(int handle);

  file(file&& other) noexcept = default;
  file& operator=(file&& other) noexcept = default;

  /// Reads at least one byte, and mostly the whole buffer unless the file ends before.
  /// Errors: `end_of_stream` where the file has ended. An empty buffer reads 0 bytes.
  result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> buffer) const noexcept;
  /// Reads until the buffer is full.
  /// Errors: `end_of_stream` when the file ends before that.
  result<void> read_exact_at(std::uint64_t offset, std::span<std::byte> buffer) const noexcept;
  /// Fills the buffers in turn, as read_at() does. Windows: one of them at a time.
  result<std::size_t> read_vectored_at(
      std::uint64_t offset, std::span<const std::span<std::byte>> buffers) const noexcept;

  /// Writes at least one byte, and mostly everything. A file that was opened to append gets it at
  /// its end, wherever that is.
  result<std::size_t> write_at(std::uint64_t offset,
                               std::span<const std::byte> data) const noexcept;
  /// Writes everything. After an error it is unknown how much was written.
  result<void> write_all_at(std::uint64_t offset, std::span<const std::byte> data) const noexcept;
  result<void> write_all_at(std::uint64_t offset, std::string_view text) const noexcept {
    return write_all_at(offset, std::as_bytes(std::span(text)));
  }
  /// Writes from the buffers in turn, as write_at() does. Windows: from one of them at a time.
  result<std::size_t> write_vectored_at(
      std::uint64_t offset, std::span<const std::span<const std::byte>> buffers) const noexcept;

  // The same at the object's own position, which begins at 0, is moved on by what is read or
  // written, and has nothing to do with one that the system keeps for the handle. What is appended
  // does not move it.
  result<std::size_t> read(std::span<std::byte> buffer) noexcept;
  result<void> read_exact(std::span<std::byte> buffer) noexcept;
  result<std::size_t> write(std::span<const std::byte> data) noexcept;
  result<void> write_all(std::span<const std::byte> data) noexcept;
  result<void> write_all(std::string_view text) noexcept {
    return write_all(std::as_bytes(std::span(text)));
  }
  std::uint64_t position() const noexcept { return position_; }
  /// Any position will do: what is written beyond the end leaves a gap that reads as zeros. Does
  /// not suspend.
  void seek(std::uint64_t position) noexcept { position_ = position; }

  /// What positions, sizes and the addresses of buffers must be multiples of, or the call fails
  /// with `invalid_argument`: 1, but for a file that was opened `direct`. A power of two; what is
  /// read at the file's end may be less. Does not suspend.
  std::size_t direct_alignment() const noexcept { return static_cast<std::size_t>(modes_.direct); }

  /// Returns when all that was written so far is where a loss of power does not reach it.
  result<void> sync() const noexcept;
  /// sync() without what is not needed to read the data again, such as times.
  result<void> sync_data() const noexcept;

  result<std::uint64_t> size() const noexcept;
  /// Cuts the file off, or lengthens it by zeros. Windows: not one that was opened to append.
  result<void> resize(std::uint64_t size) const noexcept;

  /// Closes the file: calls that have not begun end with `closed`, others are waited for, or
  /// cancelled where the system can do that. Idempotent. Not a cancellation point.
  void close() noexcept { descriptor_.close(); }
  bool is_open() const noexcept { return descriptor_.is_open(); }

  /// The underlying handle, for what has no call here.
  const io::descriptor& descriptor() const noexcept { return descriptor_; }
  /// Gives the native handle up without closing it. No call may be waiting. -1 when there is none.
  int release() noexcept { return descriptor_.release(); }

 private:
  friend class root_directory;

  struct modes {
    bool reads = false;
    bool writes = false;
    bool appends = false;
    bool in_memory = false;
    std::uint64_t direct = 1;
  };

  file(io::descriptor opened, modes opened_for) noexcept
      : descriptor_(std::move(opened)), modes_(opened_for) {}

  static result<file> take(int handle, const weft::detail::sys::file_modes& opened_for) noexcept;
  result<std::size_t> move(opcode code, std::uint64_t offset, const iovec* parts, unsigned count,
                           std::size_t size) const noexcept;
  std::error_code check(opcode code) const noexcept;
  bool is_aligned(std::uint64_t number) const noexcept {
    return (number & (modes_.direct - 1)) == 0;
  }
  bool is_end(std::size_t left, std::size_t asked, std::uint64_t position) const noexcept;

  io::descriptor descriptor_;
  modes modes_;
  std::uint64_t position_ = 0;
};

}  // namespace weft::io
