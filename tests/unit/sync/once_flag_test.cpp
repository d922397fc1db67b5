#include <atomic>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>
#include <support/patience.hpp>
#include <support/test_runtime.hpp>
#include <support/waiting_forms.hpp>

#include <weft/runtime/cancel.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/spawn.hpp>
#include <weft/runtime/yield.hpp>
#include <weft/sync/event.hpp>
#include <weft/sync/once_flag.hpp>

using namespace std::chrono_literals;
using weft::call_once;
using weft::once_flag;
using namespace weft::testing;

TEST_CASE("[row 42] the function is called once, and all see what it did") {
  test_runtime r({.workers = 2, .background = true});
  for (std::size_t round = 0; round < rounds(1000); ++round) {
    once_flag flag;
    int calls = 0;
    CHECK_FALSE(flag.is_done());
    {
      std::vector<actor> actors;
      for (int i = 0; i < 4; ++i) {
        actors.emplace_back(i == 0 ? actor_kind::thread : actor_kind::fiber, *r, [&] {
          CHECK(call_once(flag, [&] {
                  ++calls;
                  weft::yield();
                }).has_value());
          CHECK(calls == 1);
        });
      }
    }
    CHECK(flag.is_done());
  }
}

TEST_CASE("[row 42] the function gets its arguments") {
  in_fiber([] {
    once_flag flag;
    std::string out;
    CHECK(
        call_once(
            flag, [&](const std::string& a, int b) { (out = a).append(std::to_string(b)); }, "n", 3)
            .has_value());
    CHECK(out == "n3");
  });
}

TEST_CASE("[row 42] a failed call does not count, whether it throws or returns an error") {
  in_fiber([] {
    once_flag flag;
    CHECK_THROWS_AS((void)call_once(flag, [] { throw std::runtime_error("no"); }),
                    std::runtime_error);
    CHECK_FALSE(flag.is_done());
    const auto failed =
        call_once(flag, []() -> weft::result<int> { return weft::fail(weft::errc::closed); });
    CHECK(error_of(failed) == weft::errc::closed);
    CHECK_FALSE(flag.is_done());
    CHECK(call_once(flag, []() -> weft::result<int> { return 1; }).has_value());
    CHECK(flag.is_done());
    CHECK(call_once(flag, [] { FAIL("called again"); }).has_value());
  });
}

TEST_CASE("[row 42] after a failure the first who waits tries, the others wait on") {
  in_fiber([] {
    once_flag flag;
    weft::event started;
    weft::event may_fail;
    std::string ran;
    auto first = weft::spawn([&] {
      const auto outcome = call_once(flag, [&]() -> weft::result<void> {
        started.set();
        CHECK(may_fail.wait().has_value());
        return weft::fail(weft::errc::closed);
      });
      CHECK(error_of(outcome) == weft::errc::closed);
    });
    CHECK(started.wait().has_value());
    std::vector<weft::join_handle<void>> others;
    for (char name = 'a'; name < 'd'; ++name) {
      others.push_back(weft::spawn([&, name] {
        CHECK(call_once(flag, [&] {
                ran += name;
                weft::yield();
              }).has_value());
      }));
    }
    CHECK(weft::sleep_for(2ms).has_value());
    may_fail.set();
    CHECK(first.join().has_value());
    for (auto& other : others) {
      CHECK(other.join().has_value());
    }
    CHECK(ran.size() == 1);
  });
}

TEST_CASE("[row 42] who waits for another's call can be cancelled and can run out of time") {
  test_runtime r({.workers = 2, .background = true});
  for (const actor_kind kind : {actor_kind::fiber, actor_kind::thread}) {
    once_flag flag;
    weft::event started;
    weft::event may_end;
    actor runner(actor_kind::fiber, *r, [&] {
      CHECK(call_once(flag, [&] {
              started.set();
              CHECK(may_end.wait().has_value());
            }).has_value());
    });
    CHECK(started.wait().has_value());
    const auto never = [] { FAIL("called twice"); };
    actor(kind, *r, [&] {
      weft::timeout_scope limit(2ms);
      CHECK(error_of(call_once(flag, never)) == weft::errc::timed_out);
    }).join();
    std::optional<weft::cancel_scope> region;
    std::atomic<bool> entered{false};
    actor waiter(kind, *r, [&] {
      region.emplace();
      entered = true;
      CHECK(error_of(call_once(flag, never)) == weft::errc::operation_canceled);
      region.reset();
    });
    wait_until_true([&] { return entered.load(); });
    region->cancel();
    waiter.join();
    may_end.set();
    runner.join();
    actor(kind, *r, [&] {
      weft::cancel_scope around;
      around.cancel();
      CHECK(call_once(flag, never).has_value());
    }).join();
  }
}

TEST_CASE("[row 42] a turn that is handed to a waiter is not lost when that is cancelled") {
  in_fiber([] {
    for (std::size_t i = 0; i < rounds(2000); ++i) {
      once_flag flag;
      auto failing = weft::spawn([&] {
        (void)call_once(flag, []() -> weft::result<void> {
          weft::yield();
          return weft::fail(weft::errc::closed);
        });
      });
      auto unlucky = weft::spawn([&] { return call_once(flag, [] {}); });
      auto last = weft::spawn([&] { return call_once(flag, [] {}); });
      weft::yield();
      unlucky.cancel();
      CHECK(last.join().has_value());
      CHECK(flag.is_done());
    }
  });
}

TEST_CASE("[row 42] a function that calls itself is told, not left to wait for itself") {
  in_fiber([] {
    once_flag flag;
    CHECK(call_once(flag, [&] {
            CHECK(error_of(call_once(flag, [] {})) == weft::errc::would_deadlock);
          }).has_value());
  });
}
