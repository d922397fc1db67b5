#include "parker_pool.hpp"

#include <atomic>
#include <cstdint>
#include <mutex>

#include <weft/runtime/detail/spinlock.hpp>

#include "fiber_locals.hpp"

namespace weft::detail {

namespace {

spinlock free_lock;
thread_parker* free_parkers = nullptr;
std::atomic<std::uint64_t> threads{0};  // that have had a parker

thread_parker* take_free() {
  {
    std::lock_guard hold(free_lock);
    if (thread_parker* p = free_parkers) {
      free_parkers = p->next_free;
      return p;
    }
  }
  return new thread_parker;
}

}  // namespace

thread_parker* take_parker() {
  thread_parker* const taken = take_free();
  taken->root.reopen();  // a new thread remembers nothing of the last
  taken->number = threads.fetch_add(1, std::memory_order_relaxed) + 1;
  return taken;
}

void give_back_parker(thread_parker& parker) noexcept {
  destroy_locals(parker.extras);
  delete parker.extras;
  parker.extras = nullptr;
  std::lock_guard hold(free_lock);
  parker.next_free = free_parkers;
  free_parkers = &parker;
}

}  // namespace weft::detail
