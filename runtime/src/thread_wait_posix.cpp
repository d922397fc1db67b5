#include <array>
#include <condition_variable>
#include <mutex>

#include "thread_wait.hpp"

/// For systems without a futex that programs may use: words are hashed to a few places to wait at.
/// A waker takes the place's mutex after it has changed the word, so a waiter either sees the
/// change or hears the call. Whoever waits at the same place for another word looks once more in
/// vain.
namespace weft::detail {

namespace {

struct place {
  std::mutex mutex;
  std::condition_variable called;
};

place& place_of(const std::atomic<std::uint32_t>& word) noexcept {
  // Never destroyed: threads may wait while the process ends.
  // Without memory for them no thread could wait.
  // NOLINTNEXTLINE(bugprone-unhandled-exception-at-new)
  static auto& places = *new std::array<place, 64>;
  const auto address = static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(&word));
  return places[static_cast<std::size_t>(address / sizeof word * 0x9e3779b97f4a7c15U >> 58)];
}

}  // namespace

void wait_on_word(const std::atomic<std::uint32_t>& word, std::uint32_t expected,
                  time_point until) noexcept {
  place& at = place_of(word);
  std::unique_lock hold(at.mutex);
  if (word.load(std::memory_order_relaxed) != expected) {
    return;  // relaxed: the mutex orders it after a waker's change
  }
  if (until == forever) {
    at.called.wait(hold);
  } else {
    at.called.wait_until(hold, within_reach(until));
  }
}

void wake_word(const std::atomic<std::uint32_t>& word) noexcept {
  wake_word_all(word);
}

void wake_word_all(const std::atomic<std::uint32_t>& word) noexcept {
  place& at = place_of(word);
  {
    const std::lock_guard hold(at.mutex);
  }
  at.called.notify_all();
}

}  // namespace weft::detail
