#include <atomic>
#include <csignal>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <vector>

#include <doctest/doctest.h>
#include <support/child.hpp>
#include <support/patience.hpp>
#include <support/test_runtime.hpp>

#include <weft/runtime/cancel.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/spawn.hpp>
#include <weft/runtime/this_fiber.hpp>
#include <weft/runtime/yield.hpp>

using namespace std::chrono_literals;
using weft::testing::error_of;
using weft::testing::in_fiber;
using weft::testing::run_child;
using weft::testing::test_runtime;

TEST_CASE("[row 60] try_join takes the result only once the fiber has ended") {
  in_fiber([] {
    auto h = weft::spawn([] {
      (void)weft::sleep_for(5ms);
      return 8;
    });
    CHECK_FALSE(h.try_join().has_value());
    CHECK_FALSE(h.finished());
    CHECK(h.joinable());
    while (!h.finished()) {
      CHECK(weft::sleep_for(1ms).has_value());
    }
    auto taken = h.try_join();
    REQUIRE(taken.has_value());
    CHECK(*taken == 8);
    CHECK_FALSE(h.joinable());
  });
}

TEST_CASE("[row 60] try_join rethrows the fiber's exception") {
  in_fiber([] {
    auto h = weft::spawn([] { throw std::logic_error("wrong"); });
    while (!h.finished()) {
      weft::yield();
    }
    CHECK_THROWS_AS((void)h.try_join(), std::logic_error);
    CHECK_FALSE(h.joinable());
  });
}

TEST_CASE("[row 60] cancel ends the fiber's present and future waits, as often as it is called") {
  in_fiber([] {
    auto h = weft::spawn([] {
      const auto first = weft::sleep_for(1h);
      const auto second = weft::sleep_for(1h);
      CHECK(error_of(first) == weft::errc::operation_canceled);
      CHECK(error_of(first) == std::errc::operation_canceled);
      CHECK(error_of(second) == weft::errc::operation_canceled);
      return 5;
    });
    weft::yield();
    h.cancel();
    h.cancel();
    CHECK(h.join() == 5);
    h.cancel();
  });
}

TEST_CASE("a fiber that is cancelled before its first run still runs") {
  in_fiber(
      [] {
        auto h = weft::spawn([] { return weft::sleep_for(1h); });
        h.cancel();
        CHECK(error_of(h.join()) == weft::errc::operation_canceled);
      },
      {.workers = 1});
}

TEST_CASE("cancelling a fiber that has ended changes nothing") {
  in_fiber([] {
    auto h = weft::spawn([] { return 1; });
    while (!h.finished()) {
      weft::yield();
    }
    h.cancel();
    CHECK(h.join() == 1);
  });
}

TEST_CASE("[row 60] a dropped handle cancels its fiber and waits for its end") {
  in_fiber([] {
    std::atomic<bool> ended = false;
    {
      auto h = weft::spawn([&] {
        CHECK(error_of(weft::sleep_for(1h)) == weft::errc::operation_canceled);
        weft::shield clean_up;
        CHECK(weft::sleep_for(5ms).has_value());
        ended = true;
      });
      weft::yield();
    }
    CHECK(ended);
  });
}

TEST_CASE("a dropped handle swallows an exception") {
  in_fiber([] {
    auto h = weft::spawn([] { throw 1; });
    weft::yield();
  });
}

TEST_CASE("[row 60] a detached fiber runs on alone") {
  std::atomic<bool> ran = false;
  in_fiber([&] {
    auto h = weft::spawn([&] {
      CHECK(weft::sleep_for(10ms).has_value());
      ran = true;
    });
    h.detach();
    CHECK_FALSE(h.joinable());
    CHECK(weft::sleep_for(2ms).has_value());
    CHECK_FALSE(ran);
    while (!ran) {
      CHECK(weft::sleep_for(1ms).has_value());
    }
  });
}

TEST_CASE("detaching a fiber that has ended drops its result") {
  in_fiber([] {
    auto h = weft::spawn([] { return std::vector<int>(1000); });
    while (!h.finished()) {
      weft::yield();
    }
    h.detach();
  });
}

TEST_CASE("join() waits for as long as it takes, join_for() gives up and keeps the fiber") {
  in_fiber([] {
    auto h = weft::spawn([] {
      CHECK(weft::sleep_for(30ms).has_value());
      return 4;
    });
    const auto start = weft::clock::now();
    CHECK(error_of(h.join_for(3ms)) == weft::errc::timed_out);
    CHECK(weft::clock::now() - start >= 3ms);
    CHECK(h.joinable());
    CHECK(error_of(h.join_until(start)) == weft::errc::timed_out);
    CHECK(h.join_for(10s) == 4);
    CHECK_FALSE(h.joinable());
  });
}

TEST_CASE("a joiner that is cancelled or times out keeps the handle, and the fiber runs on") {
  in_fiber([] {
    std::atomic<bool> go = false;
    auto inner = weft::spawn([&] {
      while (!go) {
        CHECK(weft::sleep_for(1ms).has_value());
      }
      return 6;
    });
    {
      weft::timeout_scope limit{2ms};
      CHECK(error_of(inner.join()) == weft::errc::timed_out);
      CHECK(inner.joinable());
    }
    auto outer = weft::spawn([&] {
      const auto canceled = inner.join();
      CHECK(error_of(canceled) == weft::errc::operation_canceled);
      CHECK(inner.joinable());
      weft::shield now;
      go = true;
      return inner.join();
    });
    CHECK(weft::sleep_for(2ms).has_value());
    outer.cancel();
    CHECK(outer.join() == 6);
  });
}

TEST_CASE("in a cancelled scope, joining what has ended succeeds and the rest fails") {
  in_fiber([] {
    auto ended = weft::spawn([] { return 1; });
    while (!ended.finished()) {
      weft::yield();
    }
    auto lasting = weft::spawn([] { return weft::sleep_for(20ms); });
    {
      weft::cancel_scope scope;
      scope.cancel();
      CHECK(ended.join() == 1);
      CHECK(error_of(lasting.join()) == weft::errc::operation_canceled);
      CHECK(lasting.joinable());
    }
    CHECK(lasting.join().has_value());
  });
}

TEST_CASE("a fiber that joins itself would deadlock, and is told") {
  in_fiber([] {
    weft::join_handle<weft::result<void>> self;
    weft::join_handle<void> handle;
    std::error_code error;
    std::atomic<bool> ready = false;
    handle = weft::spawn([&] {
      while (!ready) {
        weft::yield();
      }
      error = handle.join().error();
    });
    ready = true;
    while (!handle.finished()) {
      weft::yield();
    }
    CHECK(error == weft::errc::would_deadlock);
    CHECK(error == std::errc::resource_deadlock_would_occur);
    CHECK(handle.joinable());
    CHECK(handle.join().has_value());
  });
}

TEST_CASE("a plain thread spawns, joins and cancels") {
  test_runtime r({.workers = 2, .background = true});
  auto value = r->spawn([] {
    CHECK(weft::sleep_for(5ms).has_value());
    return 11;
  });
  CHECK(error_of(value.join_for(0ns)) == weft::errc::timed_out);
  CHECK(value.join() == 11);
  auto stuck = r->spawn([] { return weft::sleep_for(1h); });
  CHECK(error_of(stuck.join_for(5ms)) == weft::errc::timed_out);
  stuck.cancel();
  CHECK(error_of(stuck.join()) == weft::errc::operation_canceled);
  auto failing = r->spawn([] { throw std::runtime_error("for the thread"); });
  CHECK_THROWS_WITH((void)failing.join(), "for the thread");
  {
    weft::timeout_scope limit{5ms};
    auto dropped = r->spawn([] { return weft::sleep_for(1h); });
    CHECK(error_of(dropped.join()) == weft::errc::timed_out);
  }
}

TEST_CASE("[row 12] a fiber of one runtime spawns into another and joins there") {
  test_runtime other({.workers = 1, .background = true});
  in_fiber([&] {
    auto h = other->spawn([] {
      CHECK(weft::sleep_for(3ms).has_value());
      return weft::runtime::current();
    });
    CHECK(h.join() == &*other);
    CHECK(weft::runtime::current() != &*other);
    auto failing = other->spawn([] { throw 3; });
    CHECK_THROWS_AS((void)failing.join(), int);
    auto stuck = other->spawn([] { return weft::sleep_for(1h); });
    CHECK(error_of(stuck.join_for(2ms)) == weft::errc::timed_out);
    stuck.cancel();
    CHECK(error_of(stuck.join()) == weft::errc::operation_canceled);
    auto dropped = other->spawn([] { return weft::sleep_for(1h); });
  });
}

TEST_CASE("a handle moves between fibers and threads") {
  test_runtime r({.workers = 2, .background = true});
  auto h = r->spawn([] {
    return weft::spawn([] {
      CHECK(weft::sleep_for(2ms).has_value());
      return 21;
    });
  });
  auto inner = h.join().value();
  CHECK(inner.join() == 21);
}

TEST_CASE("join races with the end, a time-out and a cancellation, and loses nothing") {
  in_fiber([] {
    for (std::size_t i = 0; i < weft::testing::rounds(3000); ++i) {
      const auto wait = std::chrono::microseconds(i % 150);
      auto h = weft::spawn([wait] {
        (void)weft::sleep_for(wait);
        return 7;
      });
      weft::cancel_scope joiner;
      auto canceler = weft::spawn([&joiner, wait] {
        (void)weft::sleep_for(wait);
        joiner.cancel();
      });
      const auto end = h.join_for(wait);
      if (end) {
        CHECK(*end == 7);
      } else {
        const bool known =
            end.error() == weft::errc::timed_out || end.error() == weft::errc::operation_canceled;
        CHECK(known);
      }
      weft::shield again;
      CHECK(canceler.join().has_value());
      if (h.joinable()) {
        CHECK(h.join() == 7);
      }
    }
  });
}

TEST_CASE("child: a detached fiber throws" * doctest::skip()) {
  weft::testing::become_plain_program();
  weft::runtime r({.workers = 1});
  r.run([] {
    weft::spawn({.name = "loner"}, [] { throw std::runtime_error("nobody listens"); }).detach();
    (void)weft::sleep_for(10s);
  });
}

TEST_CASE("child: a fiber that threw is detached" * doctest::skip()) {
  weft::testing::become_plain_program();
  weft::runtime r({.workers = 1});
  r.run([] {
    auto h = weft::spawn([] { throw 5; });
    while (!h.finished()) {
      weft::yield();
    }
    h.detach();
  });
}

TEST_CASE("an exception that leaves a detached fiber ends the program with a message") {
  const auto named = run_child("child: a detached fiber throws");
  INFO(named.output);
  CHECK(named.was_killed_by(SIGABRT));
  CHECK(named.says("\"loner\", spawned at "));
  CHECK(named.says("join_test.cpp:"));
  CHECK(named.says("ended with an exception: nobody listens"));
  const auto late = run_child("child: a fiber that threw is detached");
  INFO(late.output);
  CHECK(late.was_killed_by(SIGABRT));
  CHECK(late.says("weft: detached fiber "));
  CHECK(late.says("ended with an exception"));
}

TEST_CASE("child: a handle outlives its runtime" * doctest::skip()) {
  weft::testing::become_plain_program();
  weft::join_handle<void> h;
  weft::runtime r({.workers = 1});
  h = r.run([] { return weft::spawn([] {}); });
  std::destroy_at(&r);
  std::abort();
}

TEST_CASE("a runtime that is destroyed before its join handles ends the program with a sentence") {
  const auto end = run_child("child: a handle outlives its runtime");
  INFO(end.output);
  CHECK(end.was_killed_by(SIGABRT));
  CHECK(end.says("weft: a runtime is destroyed while 1 join handles of its fibers still exist"));
}
