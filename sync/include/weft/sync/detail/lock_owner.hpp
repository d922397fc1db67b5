#pragma once

#include <cstdint>

#include <weft/runtime/detail/holds.hpp>
#include <weft/runtime/detail/parker.hpp>

/// Who holds a lock, as 32 bits beside it: for assertions only, no lock depends on it.
namespace weft::detail {

inline constexpr std::uint32_t no_owner = 0;

/// The mark of a fiber or thread. Two share one if their control blocks are 64 GiB apart.
inline std::uint32_t owner_mark(const parker& p) noexcept {
  const auto mark = static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(&p) >> 4);
  return mark == no_owner ? 1 : mark;
}

}  // namespace weft::detail
