#pragma once

#include <cstddef>

namespace weft::detail {

/// Memory for many stacks: address space only, until it is touched. nullptr: there is none.
[[nodiscard]] std::byte* map_memory(std::size_t length) noexcept;
void unmap_memory(std::byte* base, std::size_t length) noexcept;

/// Gives whole pages back to the system; what was in them is lost.
void discard_memory(std::byte* base, std::size_t length) noexcept;

}  // namespace weft::detail
