#pragma once

/// Compiler and platform facts that every other header may rely on.

#if defined(_MSC_VER) && !defined(__clang__)
#include <intrin.h>
#define WEFT_API
#define WEFT_NOINLINE __declspec(noinline)
#elif defined(_WIN32)
#define WEFT_API
#define WEFT_NOINLINE __attribute__((noinline))
#else
/// Marks what a shared library exports; everything else is hidden.
#define WEFT_API __attribute__((visibility("default")))
/// Keeps a function out of line: for code that reads thread-locals and must not have their address
/// cached across a suspension, where a fiber may change threads.
#define WEFT_NOINLINE __attribute__((noinline))
#endif

#if defined(__SANITIZE_ADDRESS__)
#define WEFT_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WEFT_ASAN 1
#endif
#endif

#if defined(__SANITIZE_THREAD__)
#define WEFT_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define WEFT_TSAN 1
#endif
#endif

namespace weft::detail {

/// The size that keeps data written by different threads on different cache lines.
inline constexpr unsigned cache_line = 64;

/// Tells the processor that the caller spins.
#if defined(WEFT_EXPLORE)
void cpu_relax() noexcept;  // tests/explore: a scheduling point
#else
inline void cpu_relax() noexcept {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#elif defined(_M_X64) || defined(_M_IX86)
  _mm_pause();
#elif defined(_M_ARM64)
  __yield();
#endif
}
#endif

}  // namespace weft::detail
