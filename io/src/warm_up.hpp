#pragma once

#include <cstddef>
#include <cstdint>

#include <weft/io/detail/descriptor_state.hpp>
#include <weft/io/operation.hpp>
#include <weft/runtime/detail/compiler.hpp>
#include <weft/runtime/detail/parker.hpp>

/// Brings what a batch of fibers will touch into the cache before the first of them is made
/// runnable.
///
/// With a thousand connections all that belongs to one of them has left the cache, and its stack's
/// page the TLB, by the time its next message is there. One fiber at a time would wait for a dozen
/// cache misses, one after another; asked for by loops that touch none of it, those of a whole
/// batch are under way together. Each loop needs what the one before it has brought: the
/// descriptors, then the stacks, then the fibers. docs/decisions/012-batches.md has the figures.
namespace weft::io::detail {

/// Mere addresses: there may be nothing.
inline void warm_up(std::uintptr_t from, std::size_t lines) noexcept {
  for (std::size_t line = 0; line < lines; ++line) {
    weft::detail::prefetch_to_write(
        reinterpret_cast<const void*>(from + line * weft::detail::cache_line));
  }
}

inline void warm_up_state(const descriptor_state* state) noexcept {
  warm_up(reinterpret_cast<std::uintptr_t>(state), 2);
}

/// The frames around an operation that waits, which are what its fiber touches first: of the calls
/// that led from it to the switch, and of those that it was made by. It may be gone.
inline void warm_up_stack(const void* op) noexcept {
  constexpr std::size_t below = 8;
  constexpr std::size_t above = 7;
  warm_up(reinterpret_cast<std::uintptr_t>(op) - below * weft::detail::cache_line, below + above);
}

/// The fiber that waits for the operation, which must be there.
inline void warm_up_waiter(const operation& op) noexcept {
  warm_up(reinterpret_cast<std::uintptr_t>(op.waiter.who), weft::detail::parker_lines);
}

}  // namespace weft::io::detail
