#include <explore/atomic.hpp>
#include <explore/clock.hpp>

#include <weft/runtime/config.hpp>

#include "engine.hpp"
#include "process_barrier.hpp"
#include "thread_parker.hpp"
#include "thread_wait.hpp"

/// What the library asks of the system, answered by the engine: in the place of thread_lease.cpp,
/// thread_wait_linux.cpp and process_barrier_linux.cpp, and what WEFT_EXPLORE leaves undefined.
namespace weft {

namespace explore {

void before(const void* at, std::source_location where) noexcept {
  if (engine* run = engine::current()) {
    run->before(at, where);
  }
}

void after(const void* at, access what) noexcept {
  if (engine* run = engine::current()) {
    run->after(at, what);
  }
}

clock::time_point clock::now() noexcept {
  engine* const run = engine::current();
  return run ? run->now() : time_point();
}

}  // namespace explore

namespace detail {

void cpu_relax() noexcept {
  if (auto* run = explore::engine::current()) {
    run->relax();
  }
}

thread_parker& thread_parker::current() noexcept {
  if (auto* run = explore::engine::current()) {
    return run->parker();
  }
  static thread_parker outside;
  return outside;
}

void wait_on_word(const std::atomic<std::uint32_t>& word, std::uint32_t expected,
                  time_point until) noexcept {
  if (auto* run = explore::engine::current()) {
    run->wait_on_word(word, expected, until);
  }
}

void wake_word(const std::atomic<std::uint32_t>& word) noexcept {
  if (auto* run = explore::engine::current()) {
    run->wake_word(&word);
  }
}

void wake_word_all(const std::atomic<std::uint32_t>& word) noexcept {
  wake_word(word);
}

bool has_process_barrier() noexcept {
  return true;
}

/// Everything is sequentially consistent already.
void process_barrier() noexcept {}

}  // namespace detail
}  // namespace weft
