#pragma once

#include <concepts>
#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>

#include <weft/runtime/arm.hpp>
#include <weft/runtime/clock.hpp>
#include <weft/runtime/result.hpp>
#include <weft/sync/detail/completion_core.hpp>
#include <weft/sync/detail/select_case.hpp>
#include <weft/sync/select.hpp>

namespace weft {

/// Runs any number of operations at a time and hands them out as they complete: a select() over
/// arms that come and go at run time. An arm that has completed is gone; add it again to wait
/// again.
///
///     weft::completion_queue<result> done;
///     for (auto& f : fibers) done.add(f.joining());
///     while (auto next = done.next()) use(*next);
///
/// Unlike an arm of select(), an arm here does its operation as soon as it can, also while nobody
/// waits in next(): it may have received, or sent, before next() says so. What has completed is
/// kept until next() takes it, or goes with the queue: a permit or a lock is given back then, a
/// value that was received is destroyed. To keep those, call withdraw_all(), and next() until the
/// queue is empty, before it goes.
///
/// Suspends: next() while nothing has completed.
/// Returns: what the arm's handler returns, as select(); the handler is called in next(), whose
///   exceptions pass through.
/// Errors: the handler's; `end_of_stream` when no arm is left; `timed_out` after the call's own
/// limit
///   (zero or less is no wait); `operation_canceled` or `timed_out` when a scope around the caller
///   ends; size() tells those from a handler's.
/// Threads: one owner at a time; what the arms wait for may complete them on any thread.
/// Lifetime: outlived by what its arms wait for.
/// Cost: one allocation for each arm; nothing grows with the number of arms that wait.
template <class T = void>
class completion_queue {
 public:
  completion_queue() noexcept = default;
  completion_queue(const completion_queue&) = delete;
  completion_queue& operator=(const completion_queue&) = delete;

  /// Begins to wait for an arm, with or without a handler. Throws std::bad_alloc.
  template <select_arm A, class Handler>
  void add(detail::arm_case<A, Handler> one) {
    auto made = std::make_unique<entry_of<A, Handler>>(std::move(one));
    core_.add(made.get());
    (void)made.release();
  }
  template <select_arm A>
  void add(A arm) {
    add(on(std::move(arm)));
  }

  /// Waits for an arm that has completed, the first first, and calls its handler.
  result<T> next() { return take(core_.next(forever, true)); }
  result<T> next_for(duration limit) { return next_until(deadline_after(limit)); }
  result<T> next_until(time_point deadline) { return take(core_.next(deadline, true)); }
  /// next() that fails with `operation_would_block` instead of waiting.
  result<T> try_next() { return take(core_.next(forever, false)); }

  /// Gives up waiting: arms that have not completed go, as if they had lost a select; those that
  /// have are kept for next(). Done by the destructor, too.
  void withdraw_all() noexcept { core_.withdraw_all(); }

  /// Arms that wait, and those that have completed.
  std::size_t size() const noexcept { return core_.size(); }
  bool empty() const noexcept { return size() == 0; }

 private:
  class entry : public detail::completion_entry {
   public:
    virtual result<T> finish() = 0;
  };

  template <class A, class Handler>
  class entry_of final : public entry {
   public:
    explicit entry_of(detail::arm_case<A, Handler>&& one) : case_(std::move(one)) {
      this->arm_ = detail::refer_to(case_, 0);
    }
    result<T> finish() override { return detail::finish_as<T>(case_); }

   private:
    void discard() noexcept override {
      try {
        static_cast<void>(case_.arm.outcome());
      } catch (...) {  // NOLINT(bugprone-empty-catch): what nobody has asked for
      }
    }

    detail::arm_case<A, Handler> case_;
  };

  static result<T> take(result<detail::completion_entry*> completed) {
    if (!completed) {
      return fail(completed.error());
    }
    const std::unique_ptr<entry> owned(static_cast<entry*>(*completed));
    return owned->finish();
  }

  detail::completion_core core_;
};

}  // namespace weft
