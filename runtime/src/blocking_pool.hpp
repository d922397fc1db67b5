#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>

#include <weft/runtime/detail/blocking_job.hpp>
#include <weft/runtime/runtime.hpp>

namespace weft::detail {

/// Threads for code that blocks: started as jobs come, up to a bound, ended when they have had
/// nothing to do for a while.
///
/// The threads share ownership of the pool, so one that is stuck in an abandonable job may outlive
/// the runtime.
class blocking_pool : public std::enable_shared_from_this<blocking_pool> {
 public:
  explicit blocking_pool(const blocking_pool_options& options) noexcept : options_(options) {}
  blocking_pool(const blocking_pool&) = delete;
  blocking_pool& operator=(const blocking_pool&) = delete;

  /// Queues the job. Errors: that of starting a thread, when there is none to run it; then the job
  /// was not queued.
  result<void> submit(blocking_job& job) noexcept;
  /// Takes a job back that has not begun. False: it runs or has run.
  bool withdraw(blocking_job& job) noexcept;

  /// Ends the threads: waits for all jobs but abandonable ones. Queued abandonable jobs are
  /// dropped.
  void stop() noexcept;

  struct statistics {
    std::size_t threads = 0;
    std::size_t idle = 0;
    std::size_t queued = 0;
    std::uint64_t submitted = 0;  // jobs, since the beginning
  };
  statistics count() noexcept;

 private:
  result<void> start_thread() noexcept;
  void work() noexcept;
  blocking_job* next_job(std::unique_lock<std::mutex>& hold) noexcept;
  void unlink(blocking_job& job) noexcept;

  const blocking_pool_options options_;
  std::mutex mutex_;  // guards all below
  std::condition_variable work_;
  std::condition_variable ended_;
  blocking_job* first_ = nullptr;
  blocking_job* last_ = nullptr;
  std::size_t queued_ = 0;
  std::uint64_t submitted_ = 0;
  std::size_t threads_ = 0;
  std::size_t idle_ = 0;
  std::size_t abandonable_running_ = 0;
  bool stopping_ = false;
};

}  // namespace weft::detail
