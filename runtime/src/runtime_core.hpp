#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include <weft/runtime/runtime.hpp>

#include "blocking_pool.hpp"
#include "deadlock_monitor.hpp"
#include "fiber_list.hpp"
#include "fiber_pool.hpp"
#include "idle_workers.hpp"
#include "patrol.hpp"
#include "stack_pool.hpp"
#include "stack_sweeper.hpp"
#include "worker.hpp"

namespace weft::detail {

/// What a runtime consists of; class runtime is its public face.
class runtime_core {
 public:
  runtime_core(runtime_options& options, runtime& face);
  ~runtime_core();
  runtime_core(const runtime_core&) = delete;
  runtime_core& operator=(const runtime_core&) = delete;

  runtime& face() const noexcept { return face_; }
  unsigned worker_count() const noexcept { return static_cast<unsigned>(workers_.size()); }
  worker& worker_at(unsigned index) const noexcept { return *workers_[index]; }
  /// No fiber leaves its worker.
  bool is_pinned() const noexcept { return pinned_; }
  bool looks_for_deadlocks() const noexcept { return deadlocks_ != deadlock_watch::off; }
  bool is_stopping() const noexcept { return stopping_.load(std::memory_order_seq_cst); }
  /// Nothing will run any more. seq_cst: outsiders count what they create and then look at this;
  /// shutdown() sets it and then looks at what was counted.
  bool is_closed() const noexcept { return closed_.load(std::memory_order_seq_cst); }

  fiber_pool& fibers() noexcept { return fibers_; }
  stack_pool& stacks() noexcept { return stacks_; }
  idle_workers& idle() noexcept { return idle_; }
  patrol& patrols() noexcept { return patrol_; }
  stack_sweeper& sweeper() noexcept { return sweeper_; }
  shared_fiber_queue& shared_queue() noexcept { return shared_queue_; }
  blocking_pool& blocking() noexcept { return *blocking_; }
  std::mutex& names() noexcept { return names_; }

  /// While one lives the runtime is not destroyed: for outsiders, who may let the last fiber end
  /// that it waits for.
  class visit {
   public:
    explicit visit(runtime_core& core) noexcept : core_(core) {
      core_.visitors_.fetch_add(1, std::memory_order_relaxed);
    }
    ~visit() { core_.visitors_.fetch_sub(1, std::memory_order_release); }
    visit(const visit&) = delete;
    visit& operator=(const visit&) = delete;

   private:
    runtime_core& core_;
  };

  /// Makes a fiber runnable that no one else can make runnable now: its wait was claimed, or it was
  /// just created. Any thread.
  void schedule(fiber* f) noexcept;
  /// Where a new fiber that may not migrate belongs.
  worker& place_pinned() noexcept;

  void count_spawned(worker* here) noexcept;
  /// Ends the wait of shutdown() when there is no fiber left.
  void signal_if_drained() noexcept;
  /// seq_cst, and then comes signal_if_drained(), which looks for a stop: shutdown() stops and then
  /// looks at this.
  void count_discarded() noexcept { discarded_.fetch_add(1, std::memory_order_seq_cst); }
  void count_reaped() noexcept { reaped_outside_.fetch_add(1, std::memory_order_relaxed); }
  std::uint64_t live_fibers() const noexcept;
  std::uint64_t spawned_outside() const noexcept {
    return spawned_outside_.load(std::memory_order_relaxed);
  }
  std::uint64_t take_ids(std::uint64_t count) noexcept {
    return next_id_.fetch_add(count, std::memory_order_relaxed);
  }

  /// The calling thread's right to be worker 0, where no thread of its own is. Taken before the
  /// fiber that is waited for can run: another worker may run it, and it may lead to a second
  /// run().
  class turn {
   public:
    explicit turn(runtime_core& core) noexcept;
    ~turn();
    turn(const turn&) = delete;
    turn& operator=(const turn&) = delete;

   private:
    runtime_core& core_;
  };
  /// Drives worker 0 on the calling thread until `done`, or waits where it has its own thread.
  void wait_until(const turn& mine, const std::atomic<bool>& done) noexcept;
  /// Sets `done` and wakes wait_until().
  void signal(std::atomic<bool>& done) noexcept;
  bool caller_is_worker() const noexcept { return caller_is_worker_; }

  void shutdown() noexcept;

 private:
  void schedule_from_outside(fiber* f) noexcept;
  bool stays_home(const fiber& f) const noexcept;
  void cancel_all_fibers() noexcept;
  void await_last_outsiders() noexcept;
  void end_threads() noexcept;

  runtime& face_;
  const bool pinned_;
  const bool caller_is_worker_;
  const deadlock_watch deadlocks_;
  stack_pool stacks_;
  fiber_pool fibers_;
  std::shared_ptr<blocking_pool> blocking_;
  std::vector<std::unique_ptr<worker>> workers_;
  std::vector<std::thread> threads_;
  shared_fiber_queue shared_queue_;
  idle_workers idle_{*this};
  patrol patrol_{*this};
  stack_sweeper sweeper_{fibers_};
  std::atomic<bool> stopping_{false};
  std::atomic<bool> driven_{false};   // a thread is being worker 0
  std::atomic<bool> drained_{false};  // stopping, and the last fiber has finished
  std::atomic<bool> closed_{false};   // see is_closed()
  std::atomic<bool> stopped_{false};  // the workers' threads are to end
  std::atomic<unsigned> next_home_{0};
  std::atomic<std::uint64_t> next_id_{1};
  std::atomic<std::uint64_t> spawned_outside_{0};
  std::atomic<std::uint64_t> reaped_outside_{0};
  std::atomic<std::uint64_t> discarded_{0};    // created, never started
  std::atomic<std::uint32_t> visitors_{0};     // see visit
  std::atomic<std::uint32_t> signal_word_{0};  // futex of wait_until() without a worker
  std::mutex names_;                           // guards extras->name against dumps
  bool shut_down_ = false;
  std::optional<deadlock_enlistment> enlistment_;  // the last: it ends before what it looks at
};

}  // namespace weft::detail
