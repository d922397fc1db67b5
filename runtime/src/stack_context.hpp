#pragma once

#include <cstddef>

#include "context.hpp"
#include "stack_slabs.hpp"

namespace weft::detail {

/// A context that will call the entry on a stack that holds nothing; null: out of memory.
#if defined(_WIN32)
context start_context(stack& on, context_entry entry) noexcept;

template <context_entry Entry>
context start_context(stack& on) noexcept {
  return start_context(on, Entry);
}
#else
template <context_entry Entry>
context start_context(stack& on) noexcept {
  return make_context<Entry>(on.top, static_cast<std::size_t>(on.top - on.bottom));
}
#endif

}  // namespace weft::detail
