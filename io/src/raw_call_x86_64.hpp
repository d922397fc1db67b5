#pragma once

/// A system call of x86-64 Linux, in line; see raw_call_linux.hpp.
namespace weft::detail::sys {

inline long raw_call(long number, long first, const void* second, unsigned long third, int fourth,
                     const void* fifth, unsigned long sixth) noexcept {
  long result = number;
  register long r10 asm("r10") = fourth;
  register const void* r8 asm("r8") = fifth;
  register unsigned long r9 asm("r9") = sixth;
  asm volatile("syscall"
               : "+a"(result)
               : "D"(first), "S"(second), "d"(third), "r"(r10), "r"(r8), "r"(r9)
               : "rcx", "r11", "memory");
  return result;
}

}  // namespace weft::detail::sys
