#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <memory>
#include <source_location>
#include <type_traits>
#include <utility>

#include <weft/runtime/config.hpp>
#include <weft/runtime/deadlock.hpp>
#include <weft/runtime/detail/task.hpp>
#include <weft/runtime/driver.hpp>
#include <weft/runtime/spawn.hpp>

namespace weft {

namespace detail {
class runtime_core;
}

/// Whether fibers move between workers.
enum class scheduling {
  work_stealing,  ///< idle workers take fibers from busy ones
  pinned,         ///< a fiber stays on one worker; new ones are dealt out in turn
};

/// The threads that run blocking(fn).
struct blocking_pool_options {
  /// Threads that are kept even when idle.
  unsigned min_threads = 0;
  /// Threads at most; calls beyond wait for a free one.
  unsigned max_threads = 256;
  /// How long an idle thread above the minimum waits for work before it ends.
  duration idle_time = std::chrono::seconds(10);
};

/// How a runtime is built. Name what you need: `weft::runtime r({.workers = 1});`
struct runtime_options {
  /// Threads that run fibers; 0: as many as the process may use processors, by its affinity and its
  /// control group's quota. At most 256.
  unsigned workers = 0;
  scheduling mode = scheduling::work_stealing;
  /// True: every worker has a thread of its own, and run() merely waits. False: the thread that
  /// calls run() is worker 0 meanwhile, so with one worker no thread is started at all. Between two
  /// calls of run() nothing is worker 0: fibers whose events and timers it has, and any fiber may
  /// be one of them, wait for the next call.
  bool background = false;
  /// Address space of a fiber's stack, the guard page included; 16 KiB where less is asked for.
  std::size_t stack_size = 256 * 1024;
  blocking_pool_options blocking = {};
  deadlock_watch deadlocks = deadlock_watch::from_environment;
  /// What workers sleep in; empty: a driver without I/O. weft::run() puts the system's in.
  driver_factory drivers = {};
};

/// What the scheduler has done so far; sums over all workers, exact only at rest.
struct runtime_statistics {
  unsigned workers = 0;
  unsigned awake_workers = 0;
  std::uint64_t live_fibers = 0;
  std::uint64_t spawned = 0;
  std::uint64_t switches = 0;
  std::uint64_t polls = 0;
  std::uint64_t sleeps = 0;  ///< waits in the driver
  std::uint64_t steals = 0;  ///< times a worker took fibers from another's queue
  std::uint64_t rescues =
      0;  ///< times the events of a worker that was stuck were served by another
  std::size_t stacks_in_use = 0;
  std::size_t stacks_free = 0;
  std::size_t unguarded_stacks = 0;
};

/// Workers and the fibers they run. Several runtimes may live in a process side by side.
///
/// Threads: run(), spawn(), statistics() and dump_fibers() from any thread; construction,
///   shutdown() and destruction from a thread that runs no fiber.
/// Lifetime: join handles must be gone before their runtime is.
class WEFT_API runtime {
 public:
  /// Starts the workers. Throws std::system_error when a thread cannot be started,
  /// std::invalid_argument for options that make no sense and for a wrong WEFT_DEADLOCK.
  explicit runtime(runtime_options options = {});
  /// shutdown().
  ~runtime();
  runtime(const runtime&) = delete;
  runtime& operator=(const runtime&) = delete;

  /// Calls `f()` as a fiber, waits for its end, and returns what it returned or rethrows what it
  /// threw. Other fibers may live on. May be called again, with `background` from several threads
  /// at once. Not from a fiber: that would block its worker (spawn and join instead).
  template <class F>
    requires std::invocable<std::decay_t<F>>
  auto run(F&& f, std::source_location site = std::source_location::current());

  /// spawn() from anywhere, also from plain threads. Throws std::bad_alloc, and std::system_error
  /// with `shutting_down` after shutdown(), as run() does.
  template <class F, class... Args>
    requires std::invocable<std::decay_t<F>, std::decay_t<Args>...>
  auto spawn(const spawn_options& options, F&& f, Args&&... args) {
    detail::fiber_request request = detail::request_from(options);
    request.where_to = this;
    return detail::spawn_with(request, std::forward<F>(f), std::forward<Args>(args)...);
  }
  template <class F>
    requires std::invocable<std::decay_t<F>>
  auto spawn(F&& f, std::source_location site = std::source_location::current()) {
    return spawn(spawn_options{.site = site}, std::forward<F>(f));
  }

  /// Cancels every fiber, waits until all have ended, and stops the workers. What is shielded runs
  /// to its end first; what is spawned meanwhile runs, too, cancelled. Idempotent.
  void shutdown() noexcept;

  unsigned workers() const noexcept;
  runtime_statistics statistics() const noexcept;

  /// Writes a line for each live fiber: id, name, state, what it waits for, where it was spawned.
  void dump_fibers(std::FILE* out) const noexcept;

  /// The runtime whose fiber is calling; null elsewhere.
  static runtime* current() noexcept;

  /// For the library's own use.
  detail::runtime_core& core() const noexcept { return *core_; }

 private:
  class main_fiber;  // the fiber of one run()

  void drive(detail::fiber* f) noexcept;

  std::unique_ptr<detail::runtime_core> core_;
};

template <class F>
  requires std::invocable<std::decay_t<F>>
auto runtime::run(F&& f, std::source_location site) {
  using R = std::invoke_result_t<std::decay_t<F>&>;
  using T = detail::flatten_t<R>;
  detail::fiber* made =
      detail::make_fiber<T>({.where_to = this, .name = "main", .site = site}, std::forward<F>(f));
  drive(made);
  detail::outcome<T> end = std::move(detail::outcome_of<T>(made));
  if (end.value && !*end.value) {
    detail::inherit_background(*made, end.value->error());
  }
  detail::reap_fiber(made);
  if constexpr (std::is_same_v<R, result<T>>) {
    return end.take();
  } else {
    auto value = end.take();
    if constexpr (!std::is_void_v<R>) {
      return std::move(*value);
    }
  }
}

}  // namespace weft
