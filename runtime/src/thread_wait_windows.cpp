#include <algorithm>
#include <chrono>

#include <windows.h>

#include "thread_wait.hpp"

namespace weft::detail {

namespace {

void* address_of(const std::atomic<std::uint32_t>& word) noexcept {
  static_assert(sizeof(word) == sizeof(std::uint32_t));
  return const_cast<std::atomic<std::uint32_t>*>(&word);
}

/// What is left of the time, in the system's unit; rounded up, so that nobody wakes too early and
/// comes back at once.
DWORD milliseconds_until(time_point until) noexcept {
  if (until == forever) {
    return INFINITE;
  }
  const time_point now = clock::now();
  if (until <= now) {
    return 0;
  }
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - now).count();
  return static_cast<DWORD>(std::min<std::int64_t>(left, INFINITE - 1));
}

}  // namespace

void wait_on_word(const std::atomic<std::uint32_t>& word, std::uint32_t expected,
                  time_point until) noexcept {
  if (const DWORD timeout = milliseconds_until(until); timeout != 0) {
    WaitOnAddress(address_of(word), &expected, sizeof expected, timeout);
  }
}

void wake_word(const std::atomic<std::uint32_t>& word) noexcept {
  WakeByAddressSingle(address_of(word));
}

void wake_word_all(const std::atomic<std::uint32_t>& word) noexcept {
  WakeByAddressAll(address_of(word));
}

}  // namespace weft::detail
