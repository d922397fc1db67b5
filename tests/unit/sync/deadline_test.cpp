#include <chrono>
#include <cstddef>

#include <doctest/doctest.h>
#include <support/patience.hpp>
#include <support/test_runtime.hpp>
#include <support/waiting_forms.hpp>

#include <weft/runtime/spawn.hpp>
#include <weft/runtime/yield.hpp>
#include <weft/sync/deadline.hpp>

using namespace std::chrono_literals;
using weft::deadline;
using weft::time_point;
using namespace weft::testing;

namespace {

struct not_passed {
  weft::result<void> wait(time_point until) { return d.wait_until(until); }
  void release() { d.reset(time_point::min()); }
  std::size_t waiters() { return d.waiters(); }
  deadline d;
};

void until_waiting(const deadline& d, std::size_t count) {
  while (d.waiters() < count) {
    weft::yield();
  }
}

}  // namespace

TEST_CASE("[row 71] waiting for a deadline completes, times out and is cancelled") {
  check_waiting_forms<not_passed>();
}

TEST_CASE("[row 71] a deadline knows whether it has passed and what is left") {
  const time_point now = weft::clock::now();
  deadline d(now + 1h);
  CHECK(d.at() == now + 1h);
  CHECK_FALSE(d.expired());
  CHECK(d.check().has_value());
  CHECK(d.remaining() > 0s);
  CHECK(d.remaining() <= 1h);
  d.reset(now);
  CHECK(d.expired());
  CHECK(error_of(d.check()) == weft::errc::timed_out);
  CHECK(d.remaining() == 0s);
  d.reset(1h);
  CHECK_FALSE(d.expired());
  CHECK(d.at() >= now + 1h);
  CHECK(deadline(-1s).expired());
}

TEST_CASE("[row 71] extending counts from where the deadline stands, and stops at the ends") {
  const time_point start = weft::clock::now();
  deadline d(start);
  d.extend(1h);
  CHECK(d.at() == start + 1h);
  d.extend(-2h);
  CHECK(d.at() == start - 1h);
  d.extend(weft::duration::max());
  d.extend(weft::duration::max());
  CHECK(d.at() == weft::forever);
  d.extend(-1h);
  CHECK(d.at() == weft::forever);
  CHECK_FALSE(d.expired());
  CHECK(d.remaining() == weft::duration::max());
  d.reset(time_point::min());
  d.extend(weft::duration::min());
  CHECK(d.at() == time_point::min());
  CHECK(d.expired());
}

TEST_CASE("[row 71] waiting ends when the time has come, not before") {
  in_fiber([] {
    const time_point end = weft::clock::now() + 5ms;
    deadline d(end);
    CHECK(d.wait().has_value());
    CHECK(weft::clock::now() >= end);
  });
}

TEST_CASE("[row 71] a deadline that is put off keeps its waiters") {
  in_fiber([] {
    for (bool in_time = false; !in_time;) {
      const time_point end = weft::clock::now() + 10ms;
      deadline d(end);
      auto waiter = weft::spawn([&] {
        CHECK(d.wait().has_value());
        return time_point(weft::clock::now());
      });
      weft::yield();
      d.extend(5ms);
      d.reset(d.at() + 5ms);
      in_time = weft::clock::now() < end;  // else try again: the waiter was let go before
      const auto woken = waiter.join();
      REQUIRE(woken);
      CHECK(*woken >= end + (in_time ? 10ms : 0ms));
    }
  });
}

TEST_CASE("[row 71] a deadline that is brought forward wakes all its waiters") {
  in_fiber([] {
    deadline d(10h);
    auto one = weft::spawn([&] { return d.wait(); });
    auto other = weft::spawn([&] { return d.wait_for(5h); });
    until_waiting(d, 2);
    d.extend(-1h);  // not yet
    until_waiting(d, 2);
    CHECK_FALSE(one.finished());
    d.extend(-10h);
    CHECK(one.join().has_value());
    CHECK(other.join().has_value());
    CHECK(d.waiters() == 0);
  });
}

TEST_CASE("[row 71] no move is missed by a waiter that is just beginning to wait") {
  test_runtime r({.workers = 2, .background = true});
  for (const actor_kind kind : {actor_kind::fiber, actor_kind::thread}) {
    for (std::size_t i = 0; i < rounds(kind == actor_kind::fiber ? 5000 : 500); ++i) {
      deadline d;
      actor waiter(kind, *r, [&] { CHECK(d.wait().has_value()); });
      d.reset(2h);
      d.extend(-1h);
      d.reset(time_point::min());
    }
  }
}
