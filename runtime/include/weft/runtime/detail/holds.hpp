#pragma once

#include <atomic>
#include <cstdint>

#include <weft/runtime/config.hpp>

/// Who holds what: the facts from which deadlock reports are made, kept only while a runtime asks
/// for that.
///
/// Written by the holder, after it has the object and before it gives it up: so what is noted is
/// true at any time, and what is true may not be noted.
namespace weft::detail {

/// Whether locks note their owners: in themselves, for assertions, from the start where the library
/// was built with those; for deadlock reports too, from the construction of the first runtime that
/// looks for deadlocks. Never set back.
WEFT_API extern std::atomic<bool> notes_lock_owners;

inline bool lock_owners_are_noted() noexcept {
  // Relaxed: no partner. Who reads an old value notes one owner less.
  return notes_lock_owners.load(std::memory_order_relaxed);
}

enum class hold_kind : std::uint8_t {
  exclusive,  ///< nobody else gets it before
  shared,     ///< one of several; no exclusive holder gets it before all have given it up
  member,     ///< a fiber of a group, whose end the group waits for
  permit,     ///< may be given back by anyone: a hint, proof of nothing
};

/// The calling fiber or thread has the object. Nothing where no facts are kept.
WEFT_API void note_hold(const void* object, hold_kind kind) noexcept;
/// It is about to give it up: of several holders the caller or, if it is not among them, one of
/// them.
WEFT_API void forget_hold(const void* object, hold_kind kind) noexcept;

/// Counts those who would cancel fibers if a signal asked the program to end.
WEFT_API void count_interrupt_watches(int change) noexcept;

}  // namespace weft::detail
