#pragma once

#include <cerrno>

#include <unistd.h>

/// raw_call() makes a system call of the shape of sendto() without the C library's function around
/// it, where that can be done; returns its value or minus the error number.
///
/// A system call runs so deep in the kernel that the processor has forgotten where the functions
/// around it return to, and it mispredicts each of them, at 5 to 10 ns:
/// docs/decisions/013-system-calls.md. The C library's calls are moreover points where a thread may
/// be cancelled, for which a process with several threads pays by two locked instructions each.
#if defined(__x86_64__) && !defined(__ILP32__)
#include "raw_call_x86_64.hpp"
#else
namespace weft::detail::sys {

inline long raw_call(long number, long first, const void* second, unsigned long third, int fourth,
                     const void* fifth, unsigned long sixth) noexcept {
  const long result = ::syscall(number, first, second, third, fourth, fifth, sixth);
  return result < 0 ? -errno : result;
}

}  // namespace weft::detail::sys
#endif
