#pragma once

#include <cstdint>

#include <weft/runtime/config.hpp>

namespace weft::detail {

/// A lock of the thread's that a fiber has locked.
struct thread_lock {
  const void* lock = nullptr;  // null: none
  const char* kind = "";
  char locked_at[256] = "";  // as addr2line wants it, and for people
};

/// The lock that this fiber has locked last, of those that it still holds, on the calling thread.
using lock_probe = thread_lock (*)(std::uint64_t fiber) noexcept;

/// From now on every fiber that is about to leave its thread is asked about; see
/// runtime/trap/mutex_trap.cpp.
WEFT_API void set_lock_probe(lock_probe probe) noexcept;

}  // namespace weft::detail
