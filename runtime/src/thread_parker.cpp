#include "thread_parker.hpp"

#include <algorithm>
#include <mutex>

#include <weft/runtime/detail/spinlock.hpp>

#include "fiber_locals.hpp"
#include "scope_access.hpp"
#include "thread_wait.hpp"
#include "wait_word.hpp"

namespace weft::detail {

namespace {

spinlock free_lock;
thread_parker* free_parkers = nullptr;

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

  lease() = default;
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

void thread_parker::sleep(wait_token token, time_point until) noexcept {
  for (;;) {
    // Acquire pairs with the increment in wake(). Not before: whoever has claimed the wait may be
    // writing to this thread's stack until it resumes it.
    const std::uint32_t signals = signals_.load(std::memory_order_acquire);
    if (signals != absorbed_) {
      absorbed_ = signals;
      return;
    }
    timeout_scope* const nearest = scope_access::nearest_deadline(*this);
    const time_point scope_end = nearest ? nearest->deadline() : forever;
    wait_on_word(signals_, signals, std::min(until, scope_end));
    const time_point now = clock::now();
    if (now >= until) {
      if (wait_word::claim(token, wait_state::timed_out)) {
        return;
      }
      until = forever;  // someone was faster and is about to call wake()
    } else if (now >= scope_end) {
      scope_access::expire(*nearest);
    }
  }
}

void thread_parker::wake() noexcept {
  signals_.fetch_add(1, std::memory_order_release);
  wake_word(signals_);
}

}  // namespace weft::detail
