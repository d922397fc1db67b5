#include <array>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>

#include <explore/holds.hpp>

#include <weft/runtime/detail/atomic.hpp>
#include <weft/runtime/detail/parker.hpp>
#include <weft/runtime/detail/spinlock.hpp>

using weft::detail::atomic;
using weft::explore::expect;
using weft::explore::holds;
using weft::explore::is_caught;
using weft::explore::together;

namespace {

/// What all schedules of a program leave behind. Nothing of it may live in the program's heap.
template <class Body>
std::set<std::pair<int, int>> ends_of(Body body, int preemptions) {
  static std::array<std::array<bool, 8>, 64> seen;
  seen = {};
  holds(
      [&] {
        const std::pair<int, int> end = body();
        seen.at(static_cast<std::size_t>(end.first)).at(static_cast<std::size_t>(end.second)) =
            true;
      },
      {.preemptions = preemptions, .random_runs = 0});
  std::set<std::pair<int, int>> all;
  for (int a = 0; a < 64; ++a) {
    for (int b = 0; b < 8; ++b) {
      if (seen.at(static_cast<std::size_t>(a)).at(static_cast<std::size_t>(b))) {
        all.emplace(a, b);
      }
    }
  }
  return all;
}

/// Which of 3 + 3 tickets the first thread drew.
std::pair<int, int> draw_tickets() {
  atomic<int> next{0};
  int first = 0;
  together({[&] {
              for (int i = 0; i < 3; ++i) {
                first |= 1 << next.fetch_add(1);
              }
            },
            [&] {
              for (int i = 0; i < 3; ++i) {
                (void)next.fetch_add(1);
              }
            }});
  return {first, 0};
}

}  // namespace

TEST_CASE("all outcomes of sequential consistency are met, and no other") {
  const auto both_look = [] {
    atomic<int> x{0};
    atomic<int> y{0};
    int saw_y = 0;
    int saw_x = 0;
    together({[&] {
                x.store(1);
                saw_y = y.load();
              },
              [&] {
                y.store(1);
                saw_x = x.load();
              }});
    return std::pair(saw_y, saw_x);
  };
  CHECK(ends_of(both_look, 1) == std::set<std::pair<int, int>>{{0, 1}, {1, 0}, {1, 1}});
}

TEST_CASE("without a bound that matters every order of steps is met") {
  CHECK(ends_of(&draw_tickets, 6).size() == 20);  // 6 over 3
}

TEST_CASE("a bound of n leaves out what takes more preemptions") {
  CHECK(ends_of(&draw_tickets, 0).size() == 2);
  CHECK(ends_of(&draw_tickets, 1).size() == 6);
  CHECK(ends_of(&draw_tickets, 2).size() < 20);
}

TEST_CASE("three threads that count without a lock can lose all but one count") {
  const auto count = [] {
    atomic<int> total{0};
    const auto add = [&] {
      for (int i = 0; i < 2; ++i) {
        total.store(total.load() + 1);
      }
    };
    together({add, add, add});
    return std::pair(total.load(), 0);
  };
  CHECK(ends_of(count, 6) == std::set<std::pair<int, int>>{{2, 0}, {3, 0}, {4, 0}, {5, 0}, {6, 0}});
}

TEST_CASE("a thread that spins lets the others go on") {
  holds([] {
    weft::detail::spinlock lock;
    int inside = 0;
    const auto visit = [&] {
      lock.lock();
      expect(inside++ == 0, "one at a time");
      --inside;
      lock.unlock();
    };
    together({visit, visit, visit});
  });
}

TEST_CASE("a deadlock is reported with those who wait") {
  is_caught(
      [] {
        together({[] {
          (void)weft::detail::park(weft::detail::begin_wait_uncancelable(), weft::forever, "");
        }});
      },
      "deadlock: thread 1 waits");
}

TEST_CASE("a livelock is reported") {
  is_caught(
      [] {
        atomic<bool> never{false};
        together({[&] {
          while (!never.load()) {
            weft::detail::cpu_relax();
          }
        }});
      },
      "livelock", {.most_steps = 1000});
}

TEST_CASE("a wait that was begun and forgotten is reported") {
  is_caught([] { together({[] { (void)weft::detail::begin_wait_uncancelable(); }}); },
            "neither parked nor abandoned");
}

TEST_CASE("a wake-up that nobody absorbs is reported") {
  is_caught(
      [] {
        together({[] {
          const auto token = weft::detail::begin_wait_uncancelable();
          weft::detail::unpark(token);
        }});
      },
      "woken once more");
}

TEST_CASE("lost memory, memory freed twice and memory used after it was freed are reported") {
  is_caught(
      [] {
        auto* volatile lost = new int(1);
        (void)lost;
      },
      "1 objects were never freed");
  is_caught(
      [] {
        auto* volatile twice = new int(1);
        delete twice;
        delete twice;
      },
      "freed twice");
  is_caught(
      [] {
        auto* const word = new atomic<int>{0};
        together({[=] { delete word; }, [=] { word->store(1); }});
      },
      "used after it was freed");
}

TEST_CASE("an exception that leaves a thread is reported") {
  is_caught([] { together({[] { throw std::runtime_error("oh"); }}); }, "oh");
}

TEST_CASE("deadlines pass in any order, and when nobody else can run") {
  using namespace std::chrono_literals;
  const auto sleepers = [] {
    atomic<int> order{0};
    int first = 0;
    int second = 0;
    const auto sleep = [&](weft::duration how_long, int& place) {
      (void)weft::detail::park(weft::detail::begin_wait_uncancelable(),
                               weft::deadline_after(how_long), "");
      place = order.fetch_add(1);
    };
    together({[&] { sleep(1s, first); }, [&] { sleep(2s, second); }});
    return std::pair(first, second);
  };
  CHECK(ends_of(sleepers, 0) == std::set<std::pair<int, int>>{{0, 1}});
  CHECK(ends_of(sleepers, 2) == std::set<std::pair<int, int>>{{0, 1}, {1, 0}});
}

TEST_CASE("random schedules repeat by their seed, too") {
  const auto races = [] {
    atomic<int> total{0};
    const auto add = [&] { total.store(total.load() + 1); };
    together({add, add});
    expect(total.load() == 2, "both have counted");
  };
  is_caught(races, "both have counted", {.preemptions = 0, .random_runs = 1000});
}
