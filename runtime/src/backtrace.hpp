#pragma once

namespace weft::detail {

/// Loads what write_backtrace() needs, which a signal handler must not.
void prepare_backtrace() noexcept;

/// Writes the calling thread's frames; nothing where the system has no function for it.
/// Async-signal-safe.
void write_backtrace(int fd) noexcept;

}  // namespace weft::detail
