#include <atomic>
#include <chrono>
#include <ctime>
#include <memory>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

#include <doctest/doctest.h>
#include <support/patience.hpp>
#include <support/semaphore.hpp>
#include <support/test_runtime.hpp>
#include <support/this_thread.hpp>
#include <thread_end.hpp>

#include <weft/runtime/blocking.hpp>
#include <weft/runtime/cancel.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/spawn.hpp>
#include <weft/runtime/this_fiber.hpp>
#include <weft/runtime/yield.hpp>

using namespace std::chrono_literals;
using weft::errc;
using weft::testing::error_of;
using weft::testing::in_fiber;
using weft::testing::semaphore;
using weft::testing::test_runtime;

namespace {

std::chrono::nanoseconds processor_time() {
  timespec used{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
}

void sleep_thread(std::chrono::nanoseconds time) {
  std::this_thread::sleep_for(time);
}

}  // namespace

TEST_CASE("[row 17] blocking() runs the call on another thread and returns its value") {
  in_fiber(
      [] {
        const auto mine = weft::testing::this_thread_id();
        auto theirs = weft::blocking([] { return weft::testing::this_thread_id(); });
        REQUIRE(theirs.has_value());
        CHECK(*theirs != mine);
        CHECK(weft::blocking([] { return std::make_unique<int>(4); }).value() != nullptr);
        bool ran = false;
        CHECK(weft::blocking([&] { ran = true; }).has_value());
        CHECK(ran);
      },
      {.workers = 1});
}

TEST_CASE("[row 17] a result comes back as it is and an exception is rethrown") {
  in_fiber([] {
    CHECK(weft::blocking([]() -> weft::result<int> { return 2; }) == 2);
    const auto failed =
        weft::blocking([]() -> weft::result<int> { return weft::fail(errc::end_of_stream); });
    CHECK(error_of(failed) == errc::end_of_stream);
    CHECK_THROWS_WITH(
        (void)weft::blocking([]() -> int { throw std::runtime_error("on the pool"); }),
        "on the pool");
    CHECK_THROWS_AS((void)weft::blocking([] { throw 3; }), int);
  });
}

TEST_CASE("[row 17] other fibers of the worker run meanwhile") {
  in_fiber(
      [] {
        semaphore go;
        auto blocked = weft::spawn([&] { return weft::blocking([&] { go.acquire(); }); });
        weft::yield();
        CHECK_FALSE(blocked.finished());
        CHECK(weft::sleep_for(2ms).has_value());
        go.release();
        CHECK(blocked.join().has_value());
      },
      {.workers = 1});
}

TEST_CASE("in a plain thread the call is simply made") {
  const auto mine = weft::testing::this_thread_id();
  CHECK(weft::blocking([] { return weft::testing::this_thread_id(); }) == mine);
  CHECK_THROWS_AS((void)weft::blocking([] { throw 3; }), int);
}

TEST_CASE("on the pool, the code is in no fiber") {
  in_fiber([] {
    CHECK(weft::blocking([] { return weft::this_fiber::id(); }) == 0);
    CHECK(weft::blocking([] { return weft::runtime::current(); }) == nullptr);
    CHECK(weft::blocking([] { return weft::sleep_for(1ms).has_value(); }) == true);
  });
}

TEST_CASE("code on the pool spawns into a runtime and joins there") {
  test_runtime r({.workers = 1, .background = true});
  r->run([&] {
    auto sum = weft::blocking([&] {
      auto a = r->spawn([] { return 1; });
      auto b = r->spawn([] { return 2; });
      return a.join().value() + b.join().value();
    });
    CHECK(sum == 3);
  });
}

TEST_CASE("[row 17] the pool has as many threads as calls, up to its bound") {
  in_fiber(
      [] {
        std::atomic<int> inside = 0;
        std::atomic<int> most = 0;
        std::vector<weft::join_handle<void>> calls;
        for (int i = 0; i < 12; ++i) {
          calls.push_back(weft::spawn([&]() -> weft::result<void> {
            return weft::blocking([&] {
              const int now = ++inside;
              for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
              }
              sleep_thread(20ms);
              --inside;
            });
          }));
        }
        for (auto& c : calls) {
          CHECK(c.join().has_value());
        }
        CHECK(most == 3);
      },
      {.workers = 2, .blocking = {.max_threads = 3}});
}

TEST_CASE("[row 17] a pool thread is used again while it is idle and ended after its idle time") {
  const auto threads = [] {
    std::set<std::thread::id> seen;
    for (int i = 0; i < 5; ++i) {
      seen.insert(weft::blocking([] { return weft::testing::this_thread_id(); }).value());
      CHECK(weft::sleep_for(1ms).has_value());
    }
    return seen.size();
  };
  in_fiber([&] { CHECK(threads() <= 2); }, {.workers = 1});
  in_fiber(
      [] {
        std::atomic<int> ended = 0;
        CHECK(weft::blocking([&] { weft::testing::count_end_of_this_thread(ended); }).has_value());
        const auto give_up = weft::clock::now() + 10s;
        while (ended == 0 && weft::clock::now() < give_up) {
          CHECK(weft::sleep_for(1ms).has_value());
        }
        CHECK(ended == 1);
        CHECK(weft::blocking([] { return 1; }) == 1);
      },
      {.workers = 1, .blocking = {.idle_time = 10ms}});
}

TEST_CASE("[row 17] threads that are kept beyond their idle time use no processor") {
  in_fiber(
      [] {
        CHECK(weft::blocking([] { return 1; }) == 1);
        CHECK(weft::sleep_for(20ms).has_value());
        const auto before = processor_time();
        CHECK(weft::sleep_for(200ms).has_value());
        CHECK(processor_time() - before < 100ms);
        CHECK(weft::blocking([] { return 2; }) == 2);
      },
      {.workers = 1, .blocking = {.min_threads = 1, .idle_time = 1ms}});
}

TEST_CASE("[row 18] a call that has not begun is withdrawn by a cancellation") {
  in_fiber(
      [] {
        semaphore go;
        std::atomic<bool> second_ran = false;
        auto first = weft::spawn([&] { return weft::blocking([&] { go.acquire(); }); });
        CHECK(weft::sleep_for(2ms).has_value());
        auto second = weft::spawn([&] { return weft::blocking([&] { second_ran = true; }); });
        CHECK(weft::sleep_for(2ms).has_value());
        second.cancel();
        CHECK(error_of(second.join()) == errc::operation_canceled);
        auto third = weft::spawn([&] {
          weft::timeout_scope limit{2ms};
          return weft::blocking([&] { second_ran = true; });
        });
        CHECK(error_of(third.join()) == errc::timed_out);
        go.release();
        CHECK(first.join().has_value());
        CHECK(weft::blocking([] { return 9; }) == 9);
        CHECK_FALSE(second_ran);
      },
      {.workers = 2, .blocking = {.max_threads = 1}});
}

TEST_CASE("a call that has begun is waited for and delivers in spite of a cancellation") {
  in_fiber([] {
    semaphore begun;
    semaphore go;
    std::atomic<bool> felt_later = false;
    auto h = weft::spawn([&]() -> weft::result<int> {
      auto value = weft::blocking([&] {
        begun.release();
        go.acquire();
        return 5;
      });
      felt_later = error_of(weft::check_cancel()) == errc::operation_canceled;
      return value;
    });
    CHECK(weft::blocking([&] { begun.acquire(); }).has_value());
    h.cancel();
    CHECK(weft::sleep_for(5ms).has_value());
    CHECK_FALSE(h.finished());
    go.release();
    CHECK(h.join() == 5);
    CHECK(felt_later);
  });
}

TEST_CASE("in a cancelled scope the call is not made") {
  in_fiber([] {
    weft::cancel_scope scope;
    scope.cancel();
    bool ran = false;
    CHECK(error_of(weft::blocking([&] { ran = true; })) == errc::operation_canceled);
    weft::shield clean_up;
    CHECK_FALSE(ran);
    CHECK(weft::blocking([&] { ran = true; }).has_value());
    CHECK(ran);
  });
}

TEST_CASE("a cancellation races with the start and the end of calls, and nothing is lost") {
  in_fiber(
      [] {
        std::atomic<std::size_t> ran = 0;
        std::size_t succeeded = 0;
        for (std::size_t i = 0; i < weft::testing::rounds(3000); ++i) {
          auto h = weft::spawn([&] {
            return weft::blocking([&] {
              ++ran;
              return 1;
            });
          });
          (void)weft::sleep_for(std::chrono::microseconds(i % 60));
          h.cancel();
          const auto end = h.join();
          succeeded += end.has_value();
          CHECK((end.has_value() || end.error() == errc::operation_canceled));
        }
        CHECK(ran == succeeded);
      },
      {.workers = 2, .blocking = {.max_threads = 2}});
}

TEST_CASE("[row 17] many fibers and few threads: every call is made once") {
  in_fiber(
      [] {
        std::atomic<std::size_t> ran = 0;
        const std::size_t count = weft::testing::rounds(5000);
        std::vector<weft::join_handle<std::size_t>> handles;
        for (std::size_t i = 0; i < count; ++i) {
          handles.push_back(weft::spawn([&ran, i]() -> weft::result<std::size_t> {
            return weft::blocking([&ran, i] {
              ++ran;
              return i;
            });
          }));
        }
        for (std::size_t i = 0; i < count; ++i) {
          CHECK(handles[i].join() == i);
        }
        CHECK(ran == count);
      },
      {.workers = 2, .blocking = {.max_threads = 4}});
}

TEST_CASE("[row 20] shutdown waits for a call that runs and withdraws one that waits") {
  std::atomic<int> ran = 0;
  {
    test_runtime r({.workers = 2, .background = true, .blocking = {.max_threads = 1}});
    semaphore begun;
    auto running = r->spawn([&] {
      return weft::blocking([&] {
        begun.release();
        sleep_thread(30ms);
        ++ran;
      });
    });
    begun.acquire();
    auto waiting = r->spawn([&] { return weft::blocking([&] { ran += 100; }); });
    sleep_thread(2ms);
    r->shutdown();
    CHECK(running.join().has_value());
    CHECK(error_of(waiting.join()) == errc::operation_canceled);
  }
  CHECK(ran == 1);
}

namespace {

/// Tells that it is gone.
struct trace {
  std::shared_ptr<std::atomic<int>> gone;
  explicit trace(std::shared_ptr<std::atomic<int>> g) : gone(std::move(g)) {}
  trace(trace&&) = default;
  ~trace() {
    if (gone) {
      ++*gone;
    }
  }
};

}  // namespace

TEST_CASE("abandonable work runs and nobody waits for it") {
  auto gone = std::make_shared<std::atomic<int>>(0);
  auto ran = std::make_shared<std::atomic<int>>(0);
  in_fiber([&] {
    CHECK(weft::detail::run_abandonable([ran, t = trace(gone)]() noexcept { ++*ran; }).has_value());
    const auto give_up = weft::clock::now() + 10s;
    while (*gone == 0 && weft::clock::now() < give_up) {
      CHECK(weft::sleep_for(1ms).has_value());
    }
  });
  CHECK(*ran == 1);
  CHECK(*gone == 1);
  CHECK(weft::detail::run_abandonable([ran]() noexcept { ++*ran; }).has_value());
  CHECK(*ran == 2);
}

TEST_CASE("[row 20] shutdown drops abandonable work that waits and leaves behind what runs") {
  auto gone = std::make_shared<std::atomic<int>>(0);
  auto ran = std::make_shared<std::atomic<int>>(0);
  auto go = std::make_shared<semaphore>();
  auto begun = std::make_shared<semaphore>();
  const auto start = weft::clock::now();
  in_fiber(
      [&] {
        CHECK(weft::detail::run_abandonable([=, t = trace(gone)]() noexcept {
                begun->release();
                go->acquire();
                ++*ran;
              }).has_value());
        CHECK(weft::blocking([] {}).has_value());
      },
      {.workers = 1, .blocking = {.max_threads = 2}});
  in_fiber(
      [&] {
        CHECK(weft::detail::run_abandonable([=, t = trace(gone)]() noexcept {
                begun->release();
                go->acquire();
                ++*ran;
              }).has_value());
        CHECK(weft::detail::run_abandonable([=, t = trace(gone)]() noexcept {
                *ran += 100;
              }).has_value());
      },
      {.workers = 1, .blocking = {.max_threads = 1}});
  CHECK(weft::clock::now() - start < 10s);
  begun->acquire();
  CHECK(*ran == 0);
  go->release();
  go->release();
  const auto give_up = weft::clock::now() + 10s;
  while (*gone != 3 && weft::clock::now() < give_up) {
    sleep_thread(1ms);
  }
  CHECK(*gone == 3);
  CHECK((*ran == 1 || *ran == 2));
}
