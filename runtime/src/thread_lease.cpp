#include <atomic>
#include <cstdint>
#include <mutex>

#include <weft/runtime/detail/spinlock.hpp>

#include "fiber_locals.hpp"
#include "thread_parker.hpp"

/// Which parker belongs to which thread. On its own, because tests/explore has another answer.
namespace weft::detail {

namespace {

spinlock free_lock;
thread_parker* free_parkers = nullptr;
std::atomic<std::uint64_t> threads{0};  // that have had a parker

thread_parker* take_parker() {
  {
    std::lock_guard hold(free_lock);
    if (thread_parker* p = free_parkers) {
      free_parkers = p->next_free;
      return p;
    }
  }
  return new thread_parker;
}

/// Gives the parker back when the thread ends.
struct lease {
  thread_parker* parker = take_parker();

  lease() noexcept { parker->number = threads.fetch_add(1, std::memory_order_relaxed) + 1; }
  lease(const lease&) = delete;
  lease& operator=(const lease&) = delete;
  ~lease() {
    destroy_locals(parker->extras);
    delete parker->extras;
    parker->extras = nullptr;
    std::lock_guard hold(free_lock);
    parker->next_free = free_parkers;
    free_parkers = parker;
  }
};

}  // namespace

WEFT_NOINLINE thread_parker& thread_parker::current() noexcept {
  static thread_local lease mine;
  return *mine.parker;
}

}  // namespace weft::detail
