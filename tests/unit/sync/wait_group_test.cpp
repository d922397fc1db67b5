#include <atomic>
#include <chrono>
#include <csignal>
#include <memory>
#include <thread>
#include <vector>

#include <doctest/doctest.h>
#include <support/child.hpp>
#include <support/patience.hpp>
#include <support/test_runtime.hpp>
#include <support/waiting_forms.hpp>

#include <weft/runtime/cancel.hpp>
#include <weft/runtime/spawn.hpp>
#include <weft/runtime/yield.hpp>
#include <weft/sync/wait_group.hpp>

using namespace std::chrono_literals;
using weft::wait_group;
using namespace weft::testing;

namespace {

struct one_under_way {
  weft::result<void> wait(weft::time_point until) { return g.wait_until(until); }
  void release() { g.done(); }
  std::size_t waiters() { return g.waiters(); }
  wait_group g{1};
};

}  // namespace

TEST_CASE("[row 45] waiting for a wait group completes, times out and is cancelled") {
  check_waiting_forms<one_under_way>();
}

TEST_CASE("[row 45] a wait group can be used again and again") {
  in_fiber([] {
    wait_group g;
    CHECK(g.wait().has_value());
    std::atomic<int> finished{0};
    for (int round = 1; round <= 10; ++round) {
      g.add(20);
      for (int i = 0; i < 20; ++i) {
        weft::spawn([&] {
          weft::yield();
          ++finished;
          g.done();
        }).detach();
      }
      CHECK(error_of(g.wait_for(-1s)) == weft::errc::timed_out);
      CHECK(g.wait().has_value());
      CHECK(finished == 20 * round);
      CHECK(g.try_wait());
      CHECK(g.count() == 0);
    }
  });
}

TEST_CASE("[row 13] several may wait, fibers and threads") {
  test_runtime r({.workers = 2, .background = true});
  for (std::size_t round = 0; round < rounds(500); ++round) {
    wait_group work(4);
    std::atomic<int> done{0};
    std::vector<actor> actors;
    for (int i = 0; i < 4; ++i) {
      actors.emplace_back(i == 0 ? actor_kind::thread : actor_kind::fiber, *r, [&] {
        ++done;
        work.done();
        CHECK(work.wait().has_value());
        CHECK(done == 4);
      });
    }
  }
}

TEST_CASE("[row 45] who has waited may destroy the group while the last done is returning") {
  test_runtime r({.workers = 2, .background = true});
  for (std::size_t i = 0; i < rounds(5000); ++i) {
    auto g = std::make_unique<wait_group>(2);
    const auto work = [&group = *g] { group.done(); };
    actor a(actor_kind::fiber, *r, work);
    actor b(actor_kind::fiber, *r, work);
    CHECK(g->wait().has_value());
    g.reset();
  }
}

TEST_CASE("child: done too often" * doctest::skip()) {
  become_plain_program();
  wait_group g;
  g.done();
}

TEST_CASE("it counts as far as the count can be told, on 32-bit processors too") {
  weft::detail::countdown all(weft::detail::countdown::most - 1);
  CHECK(all.add(1));
  CHECK(all.count() == weft::detail::countdown::most);
  CHECK_FALSE(all.add(1));
  CHECK(all.count() == weft::detail::countdown::most);
  CHECK(all.subtract(weft::detail::countdown::most));
  CHECK(all.is_zero());
}

#ifndef NDEBUG
TEST_CASE("a done too many is told in a sentence") {
  const child_outcome end = run_child("child: done too often");
  CHECK(end.was_killed_by(SIGABRT));
  CHECK(end.says("more often than add() has announced"));
}
#endif
