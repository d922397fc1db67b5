#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include <doctest/doctest.h>
#include <support/patience.hpp>
#include <support/test_runtime.hpp>
#include <support/this_thread.hpp>

#include <weft/runtime/detail/parker.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/spawn.hpp>
#include <weft/runtime/yield.hpp>

using namespace std::chrono_literals;
using weft::testing::in_fiber;
using weft::testing::test_runtime;

namespace {

/// Waits, without suspending, for another thread to make it true.
template <class Condition>
bool eventually(Condition condition) {
  const auto give_up = weft::clock::now() + 10s;
  while (!condition()) {
    if (weft::clock::now() > give_up) {
      return false;
    }
  }
  return true;
}

/// Keeps all fibers busy in ways that would make them migrate.
void wander(int turns) {
  for (int i = 0; i < turns; ++i) {
    if (i % 5 == 0) {
      (void)weft::sleep_for(50us);
    } else {
      weft::yield();
    }
  }
}

}  // namespace

TEST_CASE("[row 4] with one worker all fibers run on one thread") {
  std::set<std::thread::id> seen;
  in_fiber(
      [&] {
        std::vector<weft::join_handle<void>> handles;
        for (int i = 0; i < 100; ++i) {
          handles.push_back(weft::spawn([&] {
            seen.insert(weft::testing::this_thread_id());
            wander(20);
            seen.insert(weft::testing::this_thread_id());
          }));
        }
        for (auto& h : handles) {
          CHECK(h.join().has_value());
        }
      },
      {.workers = 1});
  CHECK(seen.size() == 1);
}

TEST_CASE("[row 1] [row 2] work spreads over all workers") {
  for (const bool background : {false, true}) {
    test_runtime r({.workers = 4, .background = background});
    r->run([] {
      std::mutex mutex;
      std::set<std::thread::id> seen;
      std::vector<weft::join_handle<bool>> handles;
      for (int i = 0; i < 4; ++i) {
        // Each keeps its worker until all four run at once.
        handles.push_back(weft::spawn([&] {
          {
            std::lock_guard hold(mutex);
            seen.insert(weft::testing::this_thread_id());
          }
          return eventually([&] {
            std::lock_guard hold(mutex);
            return seen.size() == 4;
          });
        }));
      }
      for (auto& h : handles) {
        CHECK(h.join() == true);
      }
    });
    CHECK(r->statistics().steals > 0);
  }
}

TEST_CASE("[row 2] what a stuck worker has queued is taken from it") {
  test_runtime r({.workers = 2});
  r->run([] {
    constexpr int count = 100;
    std::atomic<int> ran = 0;
    std::vector<weft::join_handle<void>> handles;
    for (int i = 0; i < count; ++i) {
      handles.push_back(weft::spawn([&] { ++ran; }));
    }
    CHECK(eventually([&] { return ran == count; }));
    for (auto& h : handles) {
      CHECK(h.join().has_value());
    }
  });
}

TEST_CASE("[row 10] a fiber woken by a fiber that then computes is run elsewhere") {
  namespace detail = weft::detail;
  in_fiber([] {
    detail::wait_token token;
    std::atomic<bool> waits = false;
    std::atomic<bool> woken = false;
    auto sleeper = weft::spawn([&] {
      token = detail::begin_wait_uncancelable();
      waits = true;
      detail::park(token, weft::forever, "the test");
      woken = true;
    });
    REQUIRE(eventually([&] { return waits.load(); }));
    CHECK(detail::unpark(token));
    CHECK(eventually([&] { return woken.load(); }));
    CHECK(sleeper.join().has_value());
  });
}

TEST_CASE("[row 3] in the pinned mode every fiber stays where it first ran") {
  for (const bool background : {false, true}) {
    test_runtime r({.workers = 3, .mode = weft::scheduling::pinned, .background = background});
    r->run([] {
      std::mutex mutex;
      std::map<std::thread::id, int> fibers_of;
      std::atomic<int> moved = 0;
      std::vector<weft::join_handle<void>> handles;
      for (int i = 0; i < 60; ++i) {
        handles.push_back(weft::spawn([&] {
          const auto home = weft::testing::this_thread_id();
          {
            std::lock_guard hold(mutex);
            ++fibers_of[home];
          }
          for (int k = 0; k < 20; ++k) {
            wander(5);
            moved += weft::testing::this_thread_id() != home;
          }
        }));
      }
      for (auto& h : handles) {
        CHECK(h.join().has_value());
      }
      CHECK(moved == 0);
      CHECK(fibers_of.size() == 3);
      for (const auto& [thread, fibers] : fibers_of) {
        CHECK(fibers == 20);
      }
    });
    CHECK(r->statistics().steals == 0);
  }
}

TEST_CASE("[row 3] a pinned fiber among others stays, whoever wakes it") {
  namespace detail = weft::detail;
  test_runtime r({.workers = 4});
  r->run([] {
    std::atomic<int> moved = 0;
    std::atomic<bool> stop = false;
    std::vector<weft::join_handle<void>> handles;
    std::vector<weft::join_handle<void>> noise;
    for (int i = 0; i < 8; ++i) {
      noise.push_back(weft::spawn([&] {
        while (!stop) {
          wander(3);
        }
      }));
    }
    for (int i = 0; i < 40; ++i) {
      handles.push_back(weft::spawn({.pinned = true}, [&] {
        const auto home = weft::testing::this_thread_id();
        for (int k = 0; k < 50; ++k) {
          detail::wait_token token = detail::begin_wait_uncancelable();
          auto waker = weft::spawn([token] { detail::unpark(token); });
          detail::park(token, weft::forever, "the test");
          moved += weft::testing::this_thread_id() != home;
          weft::yield();
          moved += weft::testing::this_thread_id() != home;
          CHECK(waker.join().has_value());
          moved += weft::testing::this_thread_id() != home;
        }
      }));
    }
    for (auto& h : handles) {
      CHECK(h.join().has_value());
    }
    stop = true;
    for (auto& n : noise) {
      CHECK(n.join().has_value());
    }
    CHECK(moved == 0);
  });
}

TEST_CASE("a fiber that spawned nothing and is alone keeps its worker's others asleep") {
  test_runtime r({.workers = 4});
  r->run([&] {
    CHECK(weft::sleep_for(50ms).has_value());
    const auto before = r->statistics().steals;
    for (int i = 0; i < 100; ++i) {
      weft::yield();
    }
    CHECK(r->statistics().steals == before);
  });
}

TEST_CASE("an outsider's fiber is not held up by one that computes while a worker is asleep") {
  test_runtime r({.workers = 2, .background = true});
  for (int i = 0; i < 5; ++i) {
    // Long enough for every worker to have gone to sleep for good.
    std::this_thread::sleep_for(60ms);
    std::atomic<bool> computing = false;
    std::atomic<bool> stop = false;
    auto busy = r->spawn([&] {
      computing = true;
      return eventually([&] { return stop.load(); });
    });
    CHECK(eventually([&] { return computing.load(); }));
    auto second = r->spawn([&] { return 1; });
    CHECK(second.join_for(5s) == 1);
    stop = true;
    CHECK(busy.join() == true);
    if (second.joinable()) {
      CHECK(second.join() == 1);
    }
  }
}

TEST_CASE("[row 5] a fiber that floods its own queue does not starve the others") {
  in_fiber(
      [] {
        std::atomic<bool> stop = false;
        std::atomic<int> turns = 0;
        auto other = weft::spawn([&] {
          while (!stop) {
            ++turns;
            weft::yield();
          }
        });
        std::vector<weft::join_handle<void>> flood;
        for (int round = 0; round < 20; ++round) {
          const int before = turns;
          for (int i = 0; i < 1000; ++i) {
            flood.push_back(weft::spawn([] { weft::yield(); }));
          }
          for (int i = 0; i < 4; ++i) {
            weft::yield();
          }
          CHECK(turns > before);
        }
        stop = true;
        for (auto& f : flood) {
          CHECK(f.join().has_value());
        }
        CHECK(other.join().has_value());
      },
      {.workers = 1});
}
