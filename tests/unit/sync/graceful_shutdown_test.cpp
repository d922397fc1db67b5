#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <support/patience.hpp>
#include <support/test_runtime.hpp>
#include <support/waiting_forms.hpp>

#include <weft/runtime/cancel.hpp>
#include <weft/runtime/spawn.hpp>
#include <weft/runtime/yield.hpp>
#include <weft/sync/graceful_shutdown.hpp>
#include <weft/sync/select.hpp>

using namespace std::chrono_literals;
using weft::errc;
using weft::graceful_shutdown;
using weft::time_point;
using namespace weft::testing;

namespace {

/// Counts who is about to wait, since the class does not tell who waits.
struct not_requested {
  weft::result<void> wait(time_point until) {
    ++inside;
    const auto outcome = shutdown.wait_requested_until(until);
    --inside;
    return outcome;
  }
  void release() { shutdown.trigger(); }
  std::size_t waiters() { return inside; }
  graceful_shutdown shutdown;
  std::atomic<std::size_t> inside{0};
};

struct not_drained : not_requested {
  not_drained() : task(*shutdown.begin_work()) { shutdown.trigger(); }
  weft::result<void> wait(time_point until) {
    ++inside;
    const auto outcome = shutdown.wait_drained_until(until);
    --inside;
    return outcome;
  }
  void release() { task.end(); }
  graceful_shutdown::work task;
};

}  // namespace

TEST_CASE("[row 68] waiting for the request completes, times out and is cancelled") {
  check_waiting_forms<not_requested>();
}

TEST_CASE("[row 68] waiting for the work in flight completes, times out and is cancelled") {
  check_waiting_forms<not_drained>();
}

TEST_CASE("[row 68] after the trigger no work begins, and what has begun is waited for") {
  in_fiber([] {
    graceful_shutdown shutdown;
    CHECK_FALSE(shutdown.requested());
    CHECK(shutdown.reason() == nullptr);
    auto first = shutdown.begin_work();
    auto second = shutdown.begin_work();
    REQUIRE(first);
    REQUIRE(second);
    CHECK(shutdown.in_flight() == 2);
    shutdown.trigger("the lights go out");
    shutdown.trigger("once more");
    CHECK(shutdown.requested());
    CHECK(std::strcmp(shutdown.reason(), "the lights go out") == 0);
    CHECK(shutdown.wait_requested().has_value());
    CHECK(error_of(shutdown.begin_work()) == errc::shutting_down);
    CHECK(error_of(shutdown.wait_drained_for(2ms)) == errc::timed_out);
    first->end();
    first->end();
    CHECK(shutdown.in_flight() == 1);
    CHECK(error_of(shutdown.wait_drained_for(0s)) == errc::timed_out);
    second->end();
    CHECK(shutdown.in_flight() == 0);
    CHECK(shutdown.wait_drained().has_value());
  });
}

TEST_CASE("[row 68] without work a shutdown is drained at once, but not before it is requested") {
  in_fiber([] {
    graceful_shutdown shutdown;
    {
      const auto work = shutdown.begin_work();
    }
    CHECK(error_of(shutdown.wait_drained_for(1ms)) == errc::timed_out);
    shutdown.trigger();
    CHECK(shutdown.wait_drained_for(0s).has_value());
  });
}

TEST_CASE("work moves with its object") {
  graceful_shutdown shutdown;
  graceful_shutdown::work held;
  {
    auto work = shutdown.begin_work();
    REQUIRE(work);
    held = std::move(*work);
  }
  CHECK(shutdown.in_flight() == 1);
  graceful_shutdown::work other(std::move(held));
  held.end();  // NOLINT(bugprone-use-after-move)
  CHECK(shutdown.in_flight() == 1);
  other = graceful_shutdown::work();
  CHECK(shutdown.in_flight() == 0);
}

TEST_CASE("[row 68] a select can wait for the request and for the end of work") {
  in_fiber([] {
    graceful_shutdown shutdown;
    auto work = shutdown.begin_work();
    REQUIRE(work);
    auto other = weft::spawn([&] {
      shutdown.trigger();
      weft::yield();
      work->end();
    });
    CHECK(weft::select(weft::on(shutdown.requesting(), [] { return 1; })) == 1);
    CHECK(weft::select(weft::on(shutdown.draining(), [] { return 2; })) == 2);
    CHECK(other.join().has_value());
  });
}

TEST_CASE("[row 68] what an arm waits for requests the shutdown, unless someone was faster") {
  in_fiber([] {
    weft::event alarm;
    {
      graceful_shutdown shutdown;
      auto other = weft::spawn([&] { alarm.set(); });
      CHECK(shutdown.wait_requested_or(alarm.waiting(), "the alarm bell").has_value());
      CHECK(std::strcmp(shutdown.reason(), "the alarm bell") == 0);
      CHECK(error_of(shutdown.begin_work()) == errc::shutting_down);
      CHECK(other.join().has_value());
    }
    alarm.reset();
    graceful_shutdown shutdown;
    {
      weft::timeout_scope limit(2ms);
      CHECK(error_of(shutdown.wait_requested_or(alarm.waiting(), "the bell")) == errc::timed_out);
      CHECK_FALSE(shutdown.requested());
    }
    auto other = weft::spawn([&] { shutdown.trigger("by hand"); });
    CHECK(shutdown.wait_requested_or(alarm.waiting(), "the bell").has_value());
    CHECK(std::strcmp(shutdown.reason(), "by hand") == 0);
    CHECK(other.join().has_value());
  });
}

TEST_CASE("[row 68] who waited until it is drained may destroy it while the others are returning") {
  test_runtime r({.workers = 2, .background = true});
  for (std::size_t i = 0; i < rounds(3000); ++i) {
    auto shutdown = std::make_unique<graceful_shutdown>();
    auto work = shutdown->begin_work();
    REQUIRE(work);
    std::size_t done = 0;
    actor worker(actor_kind::fiber, *r, [&done, task = std::move(*work)]() mutable {
      ++done;
      task.end();
    });
    actor ender(actor_kind::fiber, *r, [&s = *shutdown] { s.trigger(); });
    CHECK(shutdown->wait_drained().has_value());
    CHECK(done == 1);
    shutdown.reset();
  }
}
