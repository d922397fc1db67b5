#include "thread_parker.hpp"

#include <algorithm>

#include "scope_access.hpp"
#include "thread_wait.hpp"
#include "wait_word.hpp"

namespace weft::detail {

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
