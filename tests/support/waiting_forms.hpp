#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <functional>
#include <optional>
#include <thread>
#include <utility>

#include <doctest/doctest.h>

#include <weft/runtime/cancel.hpp>
#include <weft/runtime/clock.hpp>
#include <weft/runtime/result.hpp>
#include <weft/runtime/runtime.hpp>

#include "test_runtime.hpp"

/// The same checks for everything that can be waited for: a wait completes, times out, is
/// cancelled, by fibers and by plain threads, and what fails leaves no trace.
namespace weft::testing {

enum class actor_kind : bool { fiber, thread };

/// Something that runs beside the test: a fiber or a plain thread.
class actor {
 public:
  template <std::invocable F>
  actor(actor_kind kind, runtime& r, F f) {
    if (kind == actor_kind::fiber) {
      fiber_ = r.spawn(std::move(f));
    } else {
      thread_ = std::thread(std::move(f));
    }
  }
  actor(actor&&) = default;
  ~actor() { join(); }

  void join() {
    if (fiber_.joinable()) {
      CHECK(fiber_.join().has_value());
    }
    if (thread_.joinable()) {
      thread_.join();
    }
  }

 private:
  join_handle<void> fiber_;
  std::thread thread_;
};

/// Yields the thread until `condition()`; the watchdog ends it if that never comes.
template <std::predicate Condition>
void wait_until_true(Condition condition) {
  while (!condition()) {
    std::this_thread::sleep_for(std::chrono::microseconds(100));
  }
}

/// A primitive in a state in which its operation has to wait.
template <class S>
concept waiting_subject = requires(S& s, time_point until) {
  /// The operation, cancelable.
  { s.wait(until) } -> std::same_as<result<void>>;
  /// Makes one wait succeed, present or future. By a plain thread.
  s.release();
  /// How many wait.
  { s.waiters() } -> std::convertible_to<std::size_t>;
};

/// `in` runs something as a fiber or a thread and waits for its end.
template <waiting_subject Subject>
class waiting_forms {
 public:
  waiting_forms(runtime& r, actor_kind kind) : runtime_(r), kind_(kind) {}

  void check_all() {
    completes();
    need_not_wait();
    times_out();
    has_expired();
    is_cancelled();
    scope_times_out();
    was_cancelled_before();
  }

 private:
  using milliseconds = std::chrono::milliseconds;

  template <class F>
  void in(F f) {
    actor(kind_, runtime_, std::move(f)).join();
  }

  /// Nothing of what was released was used up by a wait that failed.
  void check_intact(Subject& s) {
    CHECK(s.waiters() == 0);
    s.release();
    in([&] { CHECK(s.wait(forever).has_value()); });
  }

  void completes() {
    Subject s;
    actor waiter(kind_, runtime_, [&] { CHECK(s.wait(forever).has_value()); });
    wait_until_true([&] { return s.waiters() == 1; });
    s.release();
  }

  void need_not_wait() {
    Subject s;
    s.release();
    in([&] {
      cancel_scope region;
      region.cancel();
      CHECK(s.wait(forever).has_value());
    });
  }

  void times_out() {
    Subject s;
    in([&] {
      const time_point start = clock::now();
      CHECK(error_of(s.wait(start + milliseconds(3))) == errc::timed_out);
      CHECK(clock::now() - start >= milliseconds(3));
    });
    check_intact(s);
  }

  void has_expired() {
    Subject s;
    in([&] {
      CHECK(error_of(s.wait(clock::now() - std::chrono::hours(1))) == errc::timed_out);
      CHECK(error_of(s.wait(time_point::min())) == errc::timed_out);
    });
    check_intact(s);
  }

  void is_cancelled() {
    Subject s;
    std::optional<cancel_scope> region;
    actor waiter(kind_, runtime_, [&] {
      region.emplace();
      CHECK(error_of(s.wait(forever)) == errc::operation_canceled);
      CHECK(error_of(s.wait(forever)) == errc::operation_canceled);
      region.reset();
    });
    wait_until_true([&] { return s.waiters() == 1; });
    region->cancel();
    waiter.join();
    check_intact(s);
  }

  void scope_times_out() {
    Subject s;
    in([&] {
      timeout_scope limit(milliseconds(3));
      CHECK(error_of(s.wait(forever)) == errc::timed_out);
      CHECK(limit.is_expired());
    });
    check_intact(s);
  }

  void was_cancelled_before() {
    Subject s;
    in([&] {
      cancel_scope region;
      region.cancel();
      CHECK(error_of(s.wait(forever)) == errc::operation_canceled);
    });
    check_intact(s);
  }

  runtime& runtime_;
  const actor_kind kind_;
};

/// All of the above, by a fiber and by a thread.
template <waiting_subject Subject>
void check_waiting_forms() {
  test_runtime r({.workers = 2, .background = true});
  for (const actor_kind kind : {actor_kind::fiber, actor_kind::thread}) {
    CAPTURE(static_cast<bool>(kind));
    waiting_forms<Subject>(*r, kind).check_all();
  }
}

}  // namespace weft::testing
