#pragma once

#include <cstddef>
#include <limits>

namespace weft::detail {

inline constexpr std::size_t no_mapping_limit = std::numeric_limits<std::size_t>::max();

/// Whether a page can be put out of reach without a mapping of its own.
[[nodiscard]] bool has_marker_guards() noexcept;
[[nodiscard]] bool install_marker_guard(std::byte* page) noexcept;

/// Mappings that a process may have.
[[nodiscard]] std::size_t mapping_limit() noexcept;

}  // namespace weft::detail
