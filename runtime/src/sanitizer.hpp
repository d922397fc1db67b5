#pragma once

#include <cstddef>

#include <weft/runtime/config.hpp>

#if WEFT_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#if WEFT_TSAN
#include <sanitizer/tsan_interface.h>
#endif

/// Tells AddressSanitizer and ThreadSanitizer about every switch of stacks; nothing otherwise.
///
/// Order of calls: leaving_stack() just before the switch, arrived_on_stack() first thing after it,
/// on the new stack, with what that stack saved when it was left itself.
/// For a function that calls leaving_stack() with `final`: AddressSanitizer would keep its locals
/// in the fake stack, which is gone from there on.
#if WEFT_ASAN
#define WEFT_NO_FAKE_STACK __attribute__((no_sanitize("address")))
#else
#define WEFT_NO_FAKE_STACK
#endif

/// For a function that reads what another thread may be writing, and uses it as a hint only.
#if WEFT_TSAN
#define WEFT_RACY_GUESS __attribute__((no_sanitize("thread")))
#else
#define WEFT_RACY_GUESS
#endif

namespace weft::detail {

/// What a context remembers across its own suspension.
struct sanitizer_stack {
  void* fake_stack = nullptr;
};

#if WEFT_ASAN
inline constexpr bool under_address_sanitizer = true;
#else
inline constexpr bool under_address_sanitizer = false;
#endif

/// What lay in the memory before is of no account any more.
inline void sanitizer_unpoison([[maybe_unused]] const void* memory,
                               [[maybe_unused]] std::size_t size) noexcept {
#if WEFT_ASAN
  __asan_unpoison_memory_region(memory, size);
#endif
}

/// A sanitizer's idea of a stack's identity; made at the stack's first use.
inline void* sanitizer_make_fiber() noexcept {
#if WEFT_TSAN
  return __tsan_create_fiber(0);
#else
  return nullptr;
#endif
}

inline void sanitizer_destroy_fiber([[maybe_unused]] void* fiber) noexcept {
#if WEFT_TSAN
  if (fiber) {
    __tsan_destroy_fiber(fiber);
  }
#endif
}

/// The identity of the calling thread's own stack.
inline void* sanitizer_current_fiber() noexcept {
#if WEFT_TSAN
  return __tsan_get_current_fiber();
#else
  return nullptr;
#endif
}

/// `to_bottom`, `to_size`, `to_fiber` describe the stack that is entered. `final`: the stack that
/// is left holds nothing any more.
inline void leaving_stack([[maybe_unused]] sanitizer_stack& from, [[maybe_unused]] bool final,
                          [[maybe_unused]] const void* to_bottom,
                          [[maybe_unused]] std::size_t to_size,
                          [[maybe_unused]] void* to_fiber) noexcept {
#if WEFT_ASAN
  __sanitizer_start_switch_fiber(final ? nullptr : &from.fake_stack, to_bottom, to_size);
#endif
#if WEFT_TSAN
  __tsan_switch_to_fiber(to_fiber, 0);
#endif
}

/// `from_bottom`, `from_size` receive the bounds of the stack that was left, where known.
inline void arrived_on_stack([[maybe_unused]] sanitizer_stack& own,
                             [[maybe_unused]] const void** from_bottom,
                             [[maybe_unused]] std::size_t* from_size) noexcept {
#if WEFT_ASAN
  __sanitizer_finish_switch_fiber(own.fake_stack, from_bottom, from_size);
#endif
}

}  // namespace weft::detail
