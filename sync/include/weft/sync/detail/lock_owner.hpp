#pragma once

#include <atomic>
#include <cstdint>

#include <weft/runtime/config.hpp>
#include <weft/runtime/detail/parker.hpp>

/// Who holds a lock, as 32 bits beside it: for diagnosis only, no lock depends on it.
namespace weft::detail {

/// Whether locks note their owners: from the start where the library was built with assertions,
/// which then find misuse. Anyone else who wants to know sets it before the locks are used.
WEFT_API extern std::atomic<bool> notes_lock_owners;

inline bool lock_owners_are_noted() noexcept {
  // Relaxed: no partner; set before.
  return notes_lock_owners.load(std::memory_order_relaxed);
}

inline constexpr std::uint32_t no_owner = 0;

/// The mark of a fiber or thread. Two share one if their control blocks are 64 GiB apart.
inline std::uint32_t owner_mark(const parker& p) noexcept {
  const auto mark = static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(&p) >> 4);
  return mark == no_owner ? 1 : mark;
}

}  // namespace weft::detail
