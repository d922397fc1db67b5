#include <algorithm>
#include <cstddef>

#include "runtime_core.hpp"
#include "worker.hpp"

/// Taking work from others. See backlog.hpp for from whom.
namespace weft::detail {

bool worker::steal() noexcept {
  if (!stealing_) {
    return false;
  }
  const unsigned count = core_.worker_count();
  const std::int64_t now = clock::now().time_since_epoch().count();
  random_ = random_ * 1664525U + 1013904223U;
  const unsigned first = (random_ >> 16) % count;
  for (unsigned i = 0; i < count; ++i) {
    worker& victim = core_.worker_at((first + i) % count);
    const std::uint32_t drains = victim.drains_.load(std::memory_order_relaxed);
    if (&victim != this && backlog_.is_behind(victim.index_, drains, now) &&
        victim.queue_.size() >= least_worth_stealing && take_from(victim)) {
      return true;
    }
  }
  return false;
}

bool worker::take_from(worker& victim) noexcept {
  fiber* f = victim.queue_.steal_half_into(queue_);
  if (f) {
    push_back(f);
  }
  // A worker with more than its ring holds is helped with that, too.
  fiber_list spilled;
  victim.spilled_.pop(std::min<std::size_t>(victim.spilled_.size() / 2, run_queue::capacity / 4),
                      spilled);
  while (fiber* extra = spilled.pop_front()) {
    push_back(extra);
  }
  if (!has_local_work()) {
    return false;
  }
  worker_counters::count(counters_.steals);
  return true;
}

}  // namespace weft::detail
