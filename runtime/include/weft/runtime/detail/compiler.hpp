#pragma once

#include <weft/runtime/config.hpp>

/// What compilers have no common word for, beside config.hpp. Everything else that only one of them
/// understands is in files of one platform, which a test in tests/layering checks.
#if defined(_MSC_VER) && !defined(__clang__)
#define WEFT_ALWAYS_INLINE __forceinline
#define WEFT_PRINTF_LIKE(text, first)
#else
#define WEFT_ALWAYS_INLINE [[gnu::always_inline]] inline
/// The numbers, from 1, of the parameters that are the format and the first thing to print.
#define WEFT_PRINTF_LIKE(text, first) __attribute__((format(printf, text, first)))
#endif

/// For what is folded into its callers to be fast there, unless the program is to be small.
#if defined(__OPTIMIZE_SIZE__)
#define WEFT_INLINE_FOR_SPEED inline
#else
#define WEFT_INLINE_FOR_SPEED WEFT_ALWAYS_INLINE
#endif

namespace weft::detail {

/// Has the memory brought into the cache; any address will do.
inline void prefetch_to_read([[maybe_unused]] const void* memory) noexcept {
#if defined(__GNUC__)
  __builtin_prefetch(memory);
#elif defined(_M_X64) || defined(_M_IX86)
  _mm_prefetch(static_cast<const char*>(memory), _MM_HINT_T0);
#endif
}
inline void prefetch_to_write([[maybe_unused]] const void* memory) noexcept {
#if defined(__GNUC__)
  __builtin_prefetch(memory, 1);
#elif defined(_M_X64) || defined(_M_IX86)
  _mm_prefetch(static_cast<const char*>(memory), _MM_HINT_T0);
#endif
}

/// For a function that reads a thread-local: a compiler that sees through noinline must not take it
/// for a pure one, and call it once where it is called twice.
inline void be_impure() noexcept {
#if defined(_MSC_VER) && !defined(__clang__)
  _ReadWriteBarrier();
#else
  asm volatile("");
#endif
}

}  // namespace weft::detail
