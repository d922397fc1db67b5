#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <type_traits>
#include <utility>

#include <weft/runtime/config.hpp>
#include <weft/runtime/detail/parker.hpp>
#include <weft/runtime/detail/task.hpp>
#include <weft/runtime/detail/wait_queue.hpp>
#include <weft/runtime/result.hpp>
#include <weft/sync/detail/guarded_word.hpp>

namespace weft {

/// Remembers whether call_once() has done what it was to do.
///
/// Threads: see call_once().
/// Lifetime: outlives every call_once() on it.
/// Cost: 24 bytes; no allocation ever.
class WEFT_API once_flag {
 public:
  constexpr once_flag() noexcept = default;
  once_flag(const once_flag&) = delete;
  once_flag& operator=(const once_flag&) = delete;

  /// Whether a call has succeeded. What it did is seen by who gets true.
  bool is_done() const noexcept { return word_.load() & done; }

 private:
  template <class F, class... Args>
    requires std::invocable<F, Args...>
  friend result<void> call_once(once_flag& flag, F&& f, Args&&... args);
  template <class Primitive>
  friend struct detail::arm_access;
  class attempt;

  struct waiter : detail::wait_node {
    bool must_run = false;
  };

  static constexpr std::uint64_t running = detail::guarded_word::lock_bit << 1;
  static constexpr std::uint64_t done = running << 1;

  /// Waits while someone else runs. True: the caller is to run now, and to call finish().
  result<bool> start() noexcept;
  void finish(bool succeeded) noexcept;

  bool enqueue(waiter& node) noexcept;
  void withdraw(waiter& node) noexcept;

  detail::guarded_word word_;
  detail::wait_queue queue_;
  const detail::parker* runner_ = nullptr;  // guarded by word_
};

/// One run of the function; has failed unless told otherwise.
class once_flag::attempt {
 public:
  explicit attempt(once_flag& flag) noexcept : flag_(flag) {}
  attempt(const attempt&) = delete;
  attempt& operator=(const attempt&) = delete;
  ~attempt() { flag_.finish(succeeded_); }

  void succeed() noexcept { succeeded_ = true; }

 private:
  once_flag& flag_;
  bool succeeded_ = false;
};

/// Calls `f(args...)`, unless that was done for this flag and has succeeded. A call that throws or
/// returns a failed result does not count: the next caller, or the first that waits, tries again.
///
/// Suspends: while another call is under way; and as f does.
/// Errors: f's own, and its exceptions; `operation_canceled` or `timed_out` when a scope around the
///   caller ends while it waits for another's call; `would_deadlock` when f calls it for the same
///   flag.
/// Threads: any fiber or thread. What the call did is seen by all whose call_once() has succeeded.
/// Cost: one read once it is done.
template <class F, class... Args>
  requires std::invocable<F, Args...>
result<void> call_once(once_flag& flag, F&& f, Args&&... args) {
  if (flag.is_done()) [[likely]] {
    return {};
  }
  auto must_run = flag.start();
  if (!must_run) {
    return fail(must_run.error());
  }
  if (!*must_run) {
    return {};
  }
  once_flag::attempt run(flag);
  using R = std::invoke_result_t<F, Args...>;
  if constexpr (std::is_same_v<R, result<detail::flatten_t<R>>>) {
    if (auto returned = std::invoke(std::forward<F>(f), std::forward<Args>(args)...); !returned) {
      return fail(returned.error());
    }
  } else {
    (void)std::invoke(std::forward<F>(f), std::forward<Args>(args)...);
  }
  run.succeed();
  return {};
}

}  // namespace weft
