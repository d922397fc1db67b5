#pragma once

#include <cstdint>

#include <weft/io/file.hpp>
#include <weft/runtime/config.hpp>
#include <weft/runtime/result.hpp>

namespace weft::io {

enum class lock_mode : std::uint8_t {
  exclusive,  ///< nobody else has a lock on the file
  shared,     ///< nobody else has an exclusive one
};

/// Locks on whole files, between processes and between fibers: each io::file that was opened counts
/// as one owner, even of the same path. They keep from locking, not from reading or writing. A lock
/// ends by unlock_file(), or with the file's being closed, or with the process.
///
/// What a second lock by the same file means, whether it takes the place of the first, systems do
/// not agree on: unlock first.
///
/// Suspends: lock_file(), until the lock is free. Systems cannot be waited for and be told to stop:
///   so it tries again and again, soon at first and then 50 times a second. Not in order.
/// Errors: the system's; `closed`; `operation_would_block` when another has the lock, of
///   try_lock_file(); those of blocking() and, when a scope around the caller ends,
///   `operation_canceled` and `timed_out`, of lock_file(): then it has not got the lock.
/// Threads: any, fibers or not.
WEFT_API result<void> lock_file(const file& open, lock_mode mode = lock_mode::exclusive) noexcept;
/// Never suspends. It asks the system at once: of a file on another machine that may take a while.
WEFT_API result<void> try_lock_file(const file& open,
                                    lock_mode mode = lock_mode::exclusive) noexcept;
/// Never suspends.
WEFT_API result<void> unlock_file(const file& open) noexcept;

}  // namespace weft::io
