#include "deadlock_census.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>

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

/// The kernel's own threads for io_uring are listed among the process's.
bool is_of_kernel(const std::filesystem::path& task) {
  std::ifstream file(task / "comm");
  std::string name;
  std::getline(file, name);
  return name.starts_with("iou-wrk-") || name.starts_with("iou-sqp-");
}

#if WEFT_TSAN
constexpr std::size_t of_sanitizer = 1;
#else
constexpr std::size_t of_sanitizer = 0;
#endif

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

std::optional<std::size_t> count_threads() {
  std::error_code problem;
  std::filesystem::directory_iterator tasks("/proc/self/task", problem);
  std::size_t count = 0;
  while (!problem && tasks != std::filesystem::directory_iterator()) {
    count += is_of_kernel(tasks->path()) ? 0 : 1;
    tasks.increment(problem);
  }
  return problem || count < of_sanitizer ? std::nullopt : std::optional(count - of_sanitizer);
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
