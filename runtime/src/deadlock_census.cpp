#include "deadlock_census.hpp"

#include <algorithm>

#include "runtime_core.hpp"
#include "worker.hpp"

namespace weft::detail {

namespace {

void add_worker(const worker& w, stillness& all) {
  if (w.events().acts_by_itself()) {
    all.drivers_act = true;
  }
  if (!w.is_in_loop()) {
    return;
  }
  const std::optional<std::uint64_t> rest = w.rest();
  all.threads_rest = all.threads_rest && rest;
  all.stamps.push_back(rest.value_or(0));
  ++all.threads;
}

}  // namespace

stillness observe(const std::vector<runtime_core*>& cores, const std::vector<resting_word>& rests) {
  stillness all;
  for (runtime_core* core : cores) {
    for (unsigned i = 0; i < core->worker_count(); ++i) {
      add_worker(core->worker_at(i), all);
    }
    const blocking_pool::statistics pool = core->blocking().count();
    all.threads_rest = all.threads_rest && pool.idle == pool.threads && pool.queued == 0;
    all.stamps.push_back(pool.submitted);
    all.threads += pool.threads;
    all.fibers += core->live_fibers();
  }
  for (const resting_word& r : rests) {
    // Acquire pairs with the release of whoever changes it to wake the thread.
    all.threads_rest = all.threads_rest && r.word->load(std::memory_order_acquire) == r.seen;
    all.stamps.push_back(r.seen);
    ++all.threads;
  }
  return all;
}

census take_census(const stillness& still, const std::vector<wait_fact>& waits,
                   std::optional<std::size_t> threads, std::size_t extra) {
  census all;
  all.busy = !still.threads_rest || still.drivers_act;
  std::uint64_t waiting = 0;
  std::size_t known = still.threads + extra;
  for (const wait_fact& w : waits) {
    waiting += w.waiter.core ? 1 : 0;
    known += w.waiter.core ? 0 : 1;
    if (w.timed) {
      ++all.timed;
    } else if (w.has_deadline) {
      ++all.deadlines;
    } else if (!w.what.object) {
      ++all.outside;
    }
  }
  all.fibers = still.fibers;
  all.running = still.fibers - std::min(still.fibers, waiting);
  if (threads) {
    all.strangers = *threads - std::min(*threads, known);
    all.busy = all.busy || known > *threads;
  }
  return all;
}

}  // namespace weft::detail
