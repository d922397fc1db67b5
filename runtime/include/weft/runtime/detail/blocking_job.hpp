#pragma once

#include <functional>

#include <weft/runtime/config.hpp>
#include <weft/runtime/result.hpp>

namespace weft::detail {

/// Work for the blocking pool.
struct blocking_job {
  /// Does the work. For an abandonable job also disposes of the job.
  void (*run)(blocking_job& self) noexcept = nullptr;
  /// Abandonable jobs only: disposes of a job that will not run.
  void (*drop)(blocking_job& self) noexcept = nullptr;

  blocking_job* next = nullptr;
  blocking_job* previous = nullptr;
  bool queued = false;

  bool is_abandonable() const noexcept { return drop != nullptr; }
};

/// Runs `job` on the pool of the calling fiber's runtime and parks the fiber until it is done; on a
/// plain thread, runs it here. Errors: as blocking(); then the job never began.
WEFT_API result<void> run_blocking(blocking_job& job) noexcept;

/// Runs `work` on the pool of the calling fiber's runtime some time, and does not wait. Shutdown
/// does not wait for it either: if it has not begun by then it is dropped, and one that is under
/// way may outlive the runtime. So it must own all it touches.
WEFT_API result<void> run_abandonable(std::move_only_function<void() noexcept> work) noexcept;

}  // namespace weft::detail
