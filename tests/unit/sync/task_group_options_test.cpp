#include <algorithm>
#include <atomic>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <thread>

#include <doctest/doctest.h>

#include <weft/runtime/cancel.hpp>
#include <weft/runtime/explain.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/this_fiber.hpp>
#include <weft/sync/event.hpp>
#include <weft/sync/task_group.hpp>

#include "../../support/test_runtime.hpp"

namespace weft::testing {

namespace {

using namespace std::chrono_literals;

const std::error_code broken = std::make_error_code(std::errc::protocol_error);

TEST_CASE("[row 61] a group that collects keeps every failure, the first first") {
  in_fiber([] {
    task_group group{on_error::collect};
    group.spawn([]() -> result<void> { return fail(broken); });
    group.spawn([]() -> result<void> {
      (void)sleep_for(2ms);
      throw std::runtime_error("second");
    });
    bool finished = false;
    group.spawn([&] { finished = sleep_for(4ms).has_value(); });
    CHECK(error_of(group.wait()) == broken);
    CHECK(finished);
    const auto all = group.failures();
    REQUIRE(all.size() == 2);
    CHECK(all[0].error == broken);
    CHECK(all[0].fiber != all[1].fiber);
    CHECK_THROWS_WITH_AS(std::rethrow_exception(all[1].exception), "second", std::runtime_error);
    CHECK(group.wait());
    CHECK(group.failures().empty());
  });
}

TEST_CASE("[row 61] a group that fails fast leaves out what its own cancellation did") {
  in_fiber([] {
    task_group group;
    for (int i = 0; i < 5; ++i) {
      group.spawn([] { return sleep_for(1h); });
    }
    group.spawn([]() -> result<void> {
      (void)sleep_for(1h);
      return fail(std::make_error_code(std::errc::io_error));
    });
    group.spawn([]() -> result<void> { return fail(broken); });
    CHECK(error_of(group.wait()) == broken);
    const auto all = group.failures();
    REQUIRE(all.size() == 2);
    CHECK(all[0].error == broken);
    CHECK(all[1].error == std::errc::io_error);
  });
}

TEST_CASE(
    "[row 61] [row 63] who waits for a group learns why its tasks were cancelled or timed out") {
  in_fiber([] {
    task_group group{on_error::collect};
    group.spawn([]() -> result<void> {
      const timeout_scope limit{1ms};
      return sleep_for(1h);
    });
    const auto timed_out = group.wait();
    REQUIRE(error_of(timed_out) == errc::timed_out);
    CHECK(cause_of(timed_out.error())->limit == 1ms);
    CHECK(explain(timed_out.error()).starts_with("the timeout_scope's deadline passed (1ms, "));
    CHECK(group.failures().front().cause()->limit == 1ms);
    CHECK(group.failures().front().explanation() == explain(timed_out.error()));

    group.spawn([] { return sleep_for(1h); });
    group.cancel("no longer needed");
    const auto canceled = group.wait();
    REQUIRE(error_of(canceled) == errc::operation_canceled);
    CHECK(cause_of(canceled.error())->reason == std::string_view("no longer needed"));
    CHECK(cause_of(canceled.error())->canceled_by == this_fiber::id());

    group.spawn([]() -> result<void> {
      weft::detail::note_error(broken, "the gate: it is stuck");
      return fail(broken);
    });
    CHECK(explain(error_of(group.wait())) == "the gate: it is stuck");
    CHECK_FALSE(group.failures().front().cause().has_value());
  });
}

TEST_CASE("[row 61] a group that keeps going keeps the first failure only") {
  in_fiber([] {
    task_group group{on_error::keep_going};
    for (int i = 0; i < 5; ++i) {
      group.spawn([]() -> result<void> { return fail(broken); });
    }
    CHECK(error_of(group.wait()) == broken);
    CHECK(group.failures().size() == 1);
  });
}

TEST_CASE("[row 61] no more tasks run at a time than the group allows") {
  in_fiber([] {
    task_group group({.max_concurrency = 3});
    std::atomic<int> running{0};
    std::atomic<int> most{0};
    for (int i = 0; i < 50; ++i) {
      CHECK(group.spawn([&] {
        const int now = ++running;
        for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
        }
        (void)sleep_for(100us);
        --running;
      }));
    }
    CHECK(group.wait());
    CHECK(most <= 3);
    CHECK(running == 0);
  });
}

TEST_CASE("[row 61] waiting for a place is cancelled and times out, and the task is not made") {
  in_fiber([] {
    task_group group({.max_concurrency = 1});
    event go_on;
    group.spawn([&] { (void)go_on.wait(); });
    bool ran = false;
    {
      timeout_scope limit(2ms);
      CHECK(error_of(group.spawn([&] { ran = true; })) == errc::timed_out);
    }
    {
      cancel_scope region;
      region.cancel();
      CHECK(error_of(group.spawn([&] { ran = true; })) == errc::operation_canceled);
    }
    CHECK(error_of(group.try_spawn([&] { ran = true; })) == std::errc::operation_would_block);
    CHECK(group.size() == 1);
    go_on.set();
    CHECK(group.wait());
    CHECK_FALSE(ran);
    CHECK(group.try_spawn([&] { ran = true; }));
    CHECK(group.wait());
    CHECK(ran);
  });
}

TEST_CASE("[row 61] a plain thread that spawns into a full group blocks until a place is free") {
  in_fiber([] {
    task_group group({.max_concurrency = 1});
    event go_on;
    std::atomic<bool> ran{false};
    group.spawn([&] { (void)go_on.wait(); });
    std::thread outside([&] { CHECK(group.spawn([&] { ran = true; })); });
    (void)sleep_for(1ms);
    CHECK_FALSE(ran);
    go_on.set();
    CHECK(blocking([&] { outside.join(); }));
    CHECK(group.wait());
    CHECK(ran);
  });
}

TEST_CASE("[row 61] spawn_blocking runs a function of the group on another thread") {
  in_fiber([] {
    task_group group;
    std::atomic<int> ran{0};
    for (int i = 0; i < 4; ++i) {
      group.spawn_blocking([&ran] {
        std::this_thread::sleep_for(1ms);
        ++ran;
      });
    }
    CHECK(group.wait());
    CHECK(ran == 4);
    group.spawn_blocking([]() -> result<void> { return fail(broken); });
    CHECK(error_of(group.wait()) == broken);
    group.spawn_blocking([] { throw std::runtime_error("blocked"); });
    CHECK_THROWS_WITH_AS((void)group.wait(), "blocked", std::runtime_error);
  });
}

}  // namespace

}  // namespace weft::testing
