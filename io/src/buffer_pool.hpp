#pragma once

#include <cstddef>

/// The memory behind leased_buffer: two sizes, pooled for the process, the hottest first.
///
/// Threads: any thread may call anything.
namespace weft::io::detail {

/// What a short message fits in; a page, of which the ring of a backend holds many.
inline constexpr std::size_t small_buffer = std::size_t{4} * 1024;
/// For connections that have more to say.
inline constexpr std::size_t large_buffer = std::size_t{64} * 1024;

/// A buffer of one of these sizes. Null: out of memory.
std::byte* take_buffer(std::size_t size) noexcept;
void return_buffer(std::byte* buffer, std::size_t size) noexcept;

}  // namespace weft::io::detail
