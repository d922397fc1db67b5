#pragma once

#include <cstddef>

/// What bounds the memory that one isolate, or all of them, can have the library hold.
namespace weft::dart::limits {

/// A read delivers at most this much.
inline constexpr std::size_t read_size = std::size_t{64} * 1024;
/// Reads up to this size are copied by the VM, larger ones handed over: that is where copying gets
/// dearer than the finalizer.
inline constexpr std::size_t copied_read = std::size_t{4} * 1024;
/// A handle with this much unsent takes no further write.
inline constexpr std::size_t queued_per_handle = std::size_t{16} * 1024 * 1024;
/// With this much unsent in all, no handle does.
inline constexpr std::size_t queued_in_all = std::size_t{256} * 1024 * 1024;
/// An accept loop pauses while this many of its connections have not been used once: their isolate
/// is behind.
inline constexpr unsigned unused_connections = 1024;

/// What a poller does for one socket before it looks after the others.
inline constexpr unsigned reads_at_a_time = 16;
inline constexpr unsigned accepts_at_a_time = 64;
inline constexpr std::size_t sent_at_a_time = std::size_t{1024} * 1024;
/// Events in a row for which nobody waited, before a socket is no longer watched.
inline constexpr unsigned idle_events = 8;

}  // namespace weft::dart::limits
