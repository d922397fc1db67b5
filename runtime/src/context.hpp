#pragma once

#include <cstddef>

#include <cxxabi.h>

#if defined(_WIN32)
#include "context_windows.hpp"
#elif defined(__x86_64__) && !defined(WEFT_FCONTEXT)
#include "context_x86_64.hpp"
#else
#include "context_fcontext.hpp"
#endif

/// How execution moves from one stack to another. Each implementation offers
///
///   using context = ...;                    // a suspended context, good for one resumption
///   using context_entry = void (*)(void*);  // never returns
///   std::byte* lowest_used(context suspended) noexcept;  // on its stack; null: unknown
///   template <context_entry Entry> context make_context(std::byte* top, std::size_t size)
///   noexcept; void* switch_context(context& leaver, context to, void* data) noexcept;
///   std::uint32_t floating_point_control() noexcept;  // rounding mode and the like
///   void set_floating_point_control(std::uint32_t control) noexcept;
///
/// switch_context() suspends the caller, stores it in `leaver` before `to` runs, and returns, or
/// enters `to`, with `data`. A suspended context keeps its floating-point control; a new one has
/// that of whoever entered it. docs/decisions/001-context-switch.md says why there are two.
///
/// Windows knows its fibers by names of their own, which has three consequences: a context is made
/// for a stack by start_context() in stack_context.hpp, a thread's own stack becomes one by a
/// native_context, and `leaver` must hold the caller's. One that was left for good, with null for
/// `leaver`, comes back when its stack is used again, and its entry must then return.
namespace weft::detail {

/// The part of `__cxa_eh_globals` that the Itanium C++ ABI keeps for each thread: the exceptions
/// being handled and how many are in flight. A fiber suspended inside a catch block, or by a
/// destructor during unwinding, takes its own along, or it would see its successor's.
struct exception_state {
  void* caught = nullptr;
  unsigned uncaught = 0;
};

/// The calling thread's slot; stays valid as long as the thread.
inline exception_state* thread_exception_state() noexcept {
  return reinterpret_cast<exception_state*>(__cxxabiv1::__cxa_get_globals());
}

#if !defined(_WIN32)
inline constexpr bool dead_contexts_return = false;

/// Makes the calling thread's own stack a context, while it lives: nothing to do here.
struct native_context {
  static context own() noexcept { return nullptr; }
};
#endif

}  // namespace weft::detail
