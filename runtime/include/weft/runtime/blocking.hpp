#pragma once

#include <concepts>
#include <type_traits>
#include <utility>

#include <weft/runtime/detail/blocking_job.hpp>
#include <weft/runtime/detail/task.hpp>
#include <weft/runtime/result.hpp>

namespace weft {

/// Calls `f()` on a thread of the blocking pool: for code that blocks, or computes for long, and
/// would hold up the fibers of a worker.
///
/// Suspends: until `f` has returned; first, while all threads of the pool are busy.
/// Returns: what `f` returned; an exception that leaves `f` is rethrown here.
/// Errors: `resource_unavailable_try_again` when no thread could be started.
/// Cancellation: a call that has not begun is withdrawn; one that has begun cannot be interrupted,
/// is
///   waited for, and delivers its value.
/// Threads: on a plain thread `f` is simply called.
/// Cost: a thread hand-over each way, 10-50 us; no allocation but that of new threads.
template <class F>
  requires std::invocable<F&>
auto blocking(F&& f) {
  using T = detail::flatten_t<std::invoke_result_t<F&>>;
  struct call final : detail::blocking_job {
    F& function;
    detail::outcome<T> end;
    explicit call(F& f) : function(f) {
      run = [](detail::blocking_job& self) noexcept {
        auto& mine = static_cast<call&>(self);
        mine.end = detail::task<std::remove_reference_t<F>, T>::invoke(mine.function);
      };
    }
  } job{f};
  if (auto ran = detail::run_blocking(job); !ran) {
    return result<T>(fail(ran.error()));
  }
  return job.end.take();
}

}  // namespace weft
