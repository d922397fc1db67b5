#include <algorithm>
#include <atomic>
#include <random>
#include <thread>
#include <vector>

#include <doctest/doctest.h>
#include <support/patience.hpp>
#include <support/test_runtime.hpp>

#include <weft/runtime/cancel.hpp>
#include <weft/runtime/detail/parker.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/spawn.hpp>
#include <weft/runtime/yield.hpp>

using namespace std::chrono_literals;
using weft::testing::error_of;
using weft::testing::in_fiber;

TEST_CASE("[row 69] a sleep is never shorter than asked") {
  in_fiber([] {
    for (const weft::duration wait :
         {1ns, 1000ns, 50'000ns, 65'000ns, 66'000ns, 1'000'000ns, 10'000'000ns, 20'123'457ns}) {
      const auto start = weft::clock::now();
      CHECK(weft::sleep_for(wait).has_value());
      CHECK(weft::clock::now() - start >= wait);
    }
  });
}

TEST_CASE("[row 69] sleep_until a time wakes at it, not before") {
  in_fiber([] {
    const auto due = weft::clock::now() + 7ms;
    CHECK(weft::sleep_until(due).has_value());
    CHECK(weft::clock::now() >= due);
  });
}

TEST_CASE("a sleep that is over already merely yields") {
  in_fiber(
      [] {
        for (const weft::duration wait :
             {weft::duration(0), weft::duration(-1), weft::duration::min()}) {
          bool other_ran = false;
          auto other = weft::spawn([&] { other_ran = true; });
          CHECK(weft::sleep_for(wait).has_value());
          CHECK(other_ran);
          CHECK(other.join().has_value());
        }
        CHECK(weft::sleep_until(weft::time_point::min()).has_value());
        CHECK(weft::sleep_until(weft::time_point{}).has_value());
      },
      {.workers = 1});
}

TEST_CASE("sleepers of one worker wake in the order of their times") {
  in_fiber(
      [] {
        std::vector<int> order;
        std::vector<weft::join_handle<void>> handles;
        const auto start = weft::clock::now() + 5ms;
        for (int i = 9; i >= 0; --i) {
          handles.push_back(weft::spawn([&, i] {
            CHECK(weft::sleep_until(start + i * 1ms).has_value());
            order.push_back(i);
          }));
        }
        for (auto& h : handles) {
          CHECK(h.join().has_value());
        }
        CHECK(std::is_sorted(order.begin(), order.end()));
      },
      {.workers = 1});
}

TEST_CASE("[row 7] a sleeper is not held up by a fiber whose operations are slow but never wait") {
  in_fiber(
      [] {
        // Many short turns, as after those of a busy server: polls are rare then, counted in turns.
        auto partner = weft::spawn([] {
          for (int i = 0; i < 20'000; ++i) {
            weft::yield();
          }
        });
        while (!partner.finished()) {
          weft::yield();
        }
        bool awake = false;
        const auto due = weft::clock::now() + 40ms;
        auto sleeper = weft::spawn([&] {
          CHECK(weft::sleep_until(due));
          awake = true;
        });
        int overdue = 0;
        while (!awake && overdue < 100'000) {
          const auto end = weft::clock::now() + 20us;
          while (weft::clock::now() < end) {
          }
          overdue += end > due ? 1 : 0;
          weft::detail::consume_budget();
        }
        CHECK(overdue <= 1000);
        CHECK(sleeper.join());
      },
      {.workers = 1});
}

TEST_CASE("a sleep is cancelled before it, during it and at its very end") {
  in_fiber([] {
    {
      weft::cancel_scope scope;
      scope.cancel();
      const auto start = weft::clock::now();
      CHECK(error_of(weft::sleep_for(1h)) == weft::errc::operation_canceled);
      CHECK(error_of(weft::sleep_for(0ns)) == weft::errc::operation_canceled);
      CHECK(weft::clock::now() - start < 10s);
    }
    auto during = weft::spawn([] { return weft::sleep_for(1h); });
    weft::yield();
    during.cancel();
    CHECK(error_of(during.join()) == weft::errc::operation_canceled);
    for (std::size_t i = 0; i < weft::testing::rounds(2000); ++i) {
      auto h = weft::spawn([] { return weft::sleep_for(100us); });
      CHECK(weft::sleep_for(50us + std::chrono::microseconds(i % 100)).has_value());
      h.cancel();
      const auto end = h.join();
      CHECK((end.has_value() || end.error() == weft::errc::operation_canceled));
    }
  });
}

TEST_CASE("a sleep for ever is ended by a cancellation only") {
  in_fiber([] {
    auto h = weft::spawn([] { return weft::sleep_for(weft::duration::max()); });
    auto same = weft::spawn([] { return weft::sleep_until(weft::forever); });
    CHECK(weft::sleep_for(5ms).has_value());
    CHECK_FALSE(h.finished());
    CHECK_FALSE(same.finished());
    h.cancel();
    same.cancel();
    CHECK(error_of(h.join()) == weft::errc::operation_canceled);
    CHECK(error_of(same.join()) == weft::errc::operation_canceled);
  });
}

TEST_CASE("a sleep is cut short by a deadline around it") {
  in_fiber([] {
    const auto start = weft::clock::now();
    weft::timeout_scope limit{5ms};
    CHECK(error_of(weft::sleep_for(1h)) == weft::errc::timed_out);
    CHECK(weft::clock::now() - start >= 5ms);
  });
}

TEST_CASE("a plain thread sleeps likewise") {
  const auto start = weft::clock::now();
  CHECK(weft::sleep_for(5ms).has_value());
  CHECK(weft::clock::now() - start >= 5ms);
  CHECK(weft::sleep_for(-1s).has_value());
  weft::cancel_scope scope;
  std::jthread canceler([&] {
    std::this_thread::sleep_for(5ms);
    scope.cancel();
  });
  CHECK(error_of(weft::sleep_for(1h)) == weft::errc::operation_canceled);
}

TEST_CASE(
    "[row 69] thousands of sleepers with random times are never early, on every worker count") {
  for (const unsigned workers : {1U, 2U, 8U}) {
    CAPTURE(workers);
    in_fiber(
        [] {
          // 32 bits of address space have room for 16,000 stacks at most.
          constexpr std::size_t most = sizeof(void*) == 8 ? 20'000 : 5'000;
          const std::size_t count = weft::testing::rounds(most);
          std::mt19937 random(1);
          std::uniform_int_distribution<int> wait(0, 200'000);
          std::atomic<std::size_t> early = 0;
          std::vector<weft::join_handle<void>> handles;
          for (std::size_t i = 0; i < count; ++i) {
            handles.push_back(weft::spawn([&, wait = std::chrono::microseconds(wait(random))] {
              const auto due = weft::clock::now() + wait;
              const bool slept = weft::sleep_until(due).has_value();
              early += !slept || weft::clock::now() < due;
            }));
          }
          for (auto& h : handles) {
            CHECK(h.join().has_value());
          }
          CHECK(early == 0);
        },
        {.workers = workers});
  }
}

TEST_CASE("a fiber that sleeps keeps its deadline while its worker computes, if another is free") {
  in_fiber([] {
    std::atomic<bool> computing = false;
    std::atomic<bool> stop = false;
    auto sleeper = weft::spawn({.pinned = false}, [&] {
      while (!computing) {
        weft::yield();
      }
      weft::duration worst{};
      for (int i = 0; i < 50; ++i) {
        const auto due = weft::clock::now() + 2ms;
        CHECK(weft::sleep_until(due).has_value());
        worst = std::max<weft::duration>(worst, weft::clock::now() - due);
      }
      stop = true;
      return worst;
    });
    auto busy = weft::spawn([&] {
      computing = true;
      while (!stop) {
      }
    });
    const auto worst = sleeper.join().value();
    CHECK(busy.join().has_value());
    INFO("latest by " << std::chrono::duration<double, std::milli>(worst).count() << " ms");
    CHECK(worst < 500ms);
  });
}
