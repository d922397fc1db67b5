#pragma once

#include <cstdint>

#include <weft/net/stream_socket.hpp>
#include <weft/runtime/config.hpp>
#include <weft/runtime/result.hpp>

namespace weft {

/// Bytes that relay() has passed on.
struct relay_totals {
  std::uint64_t a_to_b = 0;
  std::uint64_t b_to_a = 0;
};

/// Passes on what either stream receives to the other, both ways at once, until both have ended:
/// the end of one direction is passed on, too, and the other direction goes on.
///
/// Suspends: until both directions have ended. A peer that does not read holds up its own direction
///   only, and no more than one buffer of what is meant for it is kept.
/// Errors: whatever ends one direction otherwise ends the other, too; the streams stay open, and
///   what was under way is lost. `operation_canceled` and `timed_out` when a scope around the
///   caller ends. Throws std::bad_alloc.
/// Threads: only from a fiber. Nobody else should use the streams meanwhile.
/// Cost: two fibers, and a buffer of 64 KiB each; while much data flows, in each direction a pipe
/// of
///   256 KiB, where the system has one to give.
WEFT_API result<relay_totals> relay(const stream_socket& a, const stream_socket& b);

/// Passes on what `from` receives to `to` until the stream ends, and returns how much that was. The
/// end is not passed on. On any fiber or thread; costs the same for each.
///
/// Errors: those of read() and write(); throws std::bad_alloc.
WEFT_API result<std::uint64_t> relay_one_way(const stream_socket& from, const stream_socket& to);

/// Sends `size` bytes of a file, from `offset` on, without copying them through the program where
/// the system can do that. The file's own position stays where it is.
///
/// Suspends: while the stream cannot take more. A file that the system has not in memory holds the
///   thread until the disk has delivered it.
/// Returns: bytes sent: fewer than `size` when the file ends before.
/// Errors: those of write(), and those of reading the file. Throws std::bad_alloc where the system
///   cannot and a buffer is needed.
WEFT_API result<std::uint64_t> send_file(const stream_socket& to, int file, std::uint64_t offset,
                                         std::uint64_t size);

}  // namespace weft
