#pragma once

#include <atomic>
#include <cstdint>

#include <weft/runtime/clock.hpp>

/// How a plain thread sleeps: the system's futex where there is one. One file per platform.
namespace weft::detail {

/// Sleeps while `word` is `expected`, until woken or `until`; may return early.
void wait_on_word(const std::atomic<std::uint32_t>& word, std::uint32_t expected,
                  time_point until) noexcept;

/// Wakes one sleeper of wait_on_word(). The word may be gone already, but not unmapped.
void wake_word(const std::atomic<std::uint32_t>& word) noexcept;
/// Wakes all of them.
void wake_word_all(const std::atomic<std::uint32_t>& word) noexcept;

}  // namespace weft::detail
