#pragma once

#include <cxxabi.h>

#include <cstddef>
#include <cstring>

#include <boost/context/detail/fcontext.hpp>

/// The only file that knows how execution moves from one stack to another: Boost.Context's fcontext
/// for the registers, and the C++ runtime's per-thread exception state, which must follow the fiber.
namespace weft::detail {

/// A suspended context; valid for one resumption.
using context = boost::context::detail::fcontext_t;
/// What a resumed context learns: who was suspended in its favour, and one pointer.
using context_transfer = boost::context::detail::transfer_t;
using context_entry = void (*)(context_transfer);

/// A context that will call `entry`, which must never return, on the stack that ends at `top`.
inline context make_context(std::byte* top, std::size_t size, context_entry entry) noexcept {
  return boost::context::detail::make_fcontext(top, size, entry);
}

/// Suspends the caller and resumes `to`, which receives `data`.
inline context_transfer switch_context(context to, void* data) noexcept {
  return boost::context::detail::jump_fcontext(to, data);
}

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

}  // namespace weft::detail
