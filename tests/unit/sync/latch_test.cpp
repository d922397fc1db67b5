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
#include <weft/sync/latch.hpp>

using namespace std::chrono_literals;
using weft::latch;
using namespace weft::testing;

namespace {

struct counted_to_one {
  weft::result<void> wait(weft::time_point until) { return l.wait_until(until); }
  void release() { l.count_down(); }
  std::size_t waiters() { return l.waiters(); }
  latch l{1};
};

}  // namespace

TEST_CASE("[row 45] waiting for a latch completes, times out and is cancelled") {
  check_waiting_forms<counted_to_one>();
}

TEST_CASE("[row 45] a latch opens when its count is zero, and stays open") {
  in_fiber([] {
    latch l(5);
    CHECK_FALSE(l.try_wait());
    l.count_down(2);
    l.count_down();
    CHECK(l.count() == 2);
    CHECK(error_of(l.wait_for(-1s)) == weft::errc::timed_out);
    auto other = weft::spawn([&] { return l.arrive_and_wait(); });
    CHECK(l.arrive_and_wait().has_value());
    CHECK(other.join().has_value());
    CHECK(l.try_wait());
    CHECK(l.wait().has_value());
    l.count_down(0);
    CHECK(latch(0).try_wait());
  });
}

TEST_CASE("[row 13] all who wait are let through, and see what was done before") {
  test_runtime r({.workers = 2, .background = true});
  for (std::size_t round = 0; round < rounds(500); ++round) {
    latch ready(3);
    latch go(1);
    std::vector<int> written(3);
    std::vector<actor> actors;
    for (std::size_t i = 0; i < 3; ++i) {
      actors.emplace_back(i == 0 ? actor_kind::thread : actor_kind::fiber, *r, [&, i] {
        written[i] = 1;
        ready.count_down();
        CHECK(go.wait().has_value());
      });
    }
    CHECK(ready.wait().has_value());
    CHECK(written[0] + written[1] + written[2] == 3);
    go.count_down();
  }
}

TEST_CASE("[row 45] who is let through may destroy the latch while the count_down is returning") {
  test_runtime r({.workers = 2, .background = true});
  for (std::size_t i = 0; i < rounds(5000); ++i) {
    auto l = std::make_unique<latch>(2);
    const auto count = [&counted = *l] { counted.count_down(); };
    actor a(actor_kind::fiber, *r, count);
    actor b(actor_kind::fiber, *r, count);
    CHECK(l->wait().has_value());
    l.reset();
  }
}

TEST_CASE("child: a latch counted below zero" * doctest::skip()) {
  become_plain_program();
  latch l(1);
  l.count_down(2);
}

#ifndef NDEBUG
TEST_CASE("counting a latch down too far is told in a sentence") {
  const child_outcome end = run_child("child: a latch counted below zero");
  CHECK(end.was_killed_by(SIGABRT));
  CHECK(end.says("more than the count that is left"));
}
#endif
