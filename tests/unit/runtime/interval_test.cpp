#include <chrono>

#include <doctest/doctest.h>
#include <support/test_runtime.hpp>

#include <weft/runtime/cancel.hpp>
#include <weft/runtime/interval.hpp>
#include <weft/runtime/spawn.hpp>

using namespace std::chrono_literals;
using weft::errc;
using weft::interval;
using weft::missed_tick;
using weft::time_point;
using weft::detail::next_tick;
using weft::testing::error_of;
using weft::testing::in_fiber;

TEST_CASE("[row 70] ticks that were missed come in a burst, are skipped, or delay the rest") {
  const time_point due = weft::clock::now();
  struct lateness {
    weft::duration by;
    weft::duration burst, skip, delay;  // from `due` to the next tick
  };
  for (const auto& [by, burst, skip, delay] : {lateness{0s, 10s, 10s, 10s},
                                               {1s, 10s, 10s, 11s},
                                               {9'999ms, 10s, 10s, 19'999ms},
                                               {10s, 10s, 20s, 20s},
                                               {35s, 10s, 40s, 45s}}) {
    CAPTURE(by.count());
    CHECK(next_tick(due, due + by, 10s, missed_tick::burst) == due + burst);
    CHECK(next_tick(due, due + by, 10s, missed_tick::skip) == due + skip);
    CHECK(next_tick(due, due + by, 10s, missed_tick::delay) == due + delay);
  }
}

TEST_CASE("a tick that no clock reaches is never due") {
  const time_point now = weft::clock::now();
  for (const auto policy : {missed_tick::burst, missed_tick::skip, missed_tick::delay}) {
    CHECK(next_tick(now, now + 1s, weft::duration::max(), policy) == weft::forever);
    CHECK(next_tick(weft::forever, now, 1s, policy) == weft::forever);
  }
  CHECK(next_tick(time_point::min(), now, 1h, missed_tick::skip) > now);
  CHECK(interval(weft::duration::max()).next() == weft::forever);
}

TEST_CASE("[row 70] ticks come when they are due, not before, and do not drift") {
  in_fiber([] {
    const time_point first = weft::clock::now() + 3ms;
    interval every(2ms, first);
    CHECK(every.period() == 2ms);
    CHECK(every.policy() == missed_tick::burst);
    for (int i = 0; i < 5; ++i) {
      CHECK(every.next() == first + i * 2ms);
      CHECK(every.tick() == first + i * 2ms);
      CHECK(weft::clock::now() >= first + i * 2ms);
    }
  });
}

TEST_CASE("[row 70] the first tick comes a period after the start, or when it was said to") {
  const time_point before = weft::clock::now();
  CHECK(interval(1h).next() >= before + 1h);
  CHECK(interval(1h, before).next() == before);
}

TEST_CASE("[row 70] a burst makes up for every tick that was missed") {
  in_fiber([] {
    const time_point first = weft::clock::now() - 150min;
    interval every(1h, first, missed_tick::burst);
    CHECK(every.tick() == first);
    CHECK(every.tick() == first + 1h);
    CHECK(every.tick() == first + 2h);
    CHECK(every.next() == first + 3h);
    weft::timeout_scope limit(2ms);
    CHECK(error_of(every.tick()) == errc::timed_out);
  });
}

TEST_CASE("[row 70] skipping leaves out what was missed and keeps to the times") {
  in_fiber([] {
    const time_point first = weft::clock::now() - 150min;
    interval every(1h, first, missed_tick::skip);
    CHECK(every.tick() == first);
    CHECK(every.next() == first + 3h);
  });
}

TEST_CASE("[row 70] delaying keeps ticks a period apart") {
  in_fiber([] {
    const time_point now = weft::clock::now();
    interval every(1h, now - 150min, missed_tick::delay);
    CHECK(every.tick() == now - 150min);
    CHECK(every.next() >= now + 1h);
  });
}

TEST_CASE("[row 70] a tick that was cancelled or timed out is still to come") {
  in_fiber([] {
    const time_point first = weft::clock::now() + 1h;
    interval every(1h, first);
    {
      weft::timeout_scope limit(2ms);
      CHECK(error_of(every.tick()) == errc::timed_out);
    }
    auto waiter = weft::spawn([&] { return error_of(every.tick()); });
    waiter.cancel();
    CHECK(waiter.join() == make_error_code(errc::operation_canceled));
    CHECK(every.next() == first);
  });
}

TEST_CASE("[row 70] resetting forgets what was due") {
  in_fiber([] {
    const time_point now = weft::clock::now();
    interval every(1h, now - 10h);
    every.reset();
    CHECK(every.next() >= now + 1h);
    every.reset(now - 1min);
    CHECK(every.tick() == now - 1min);
    CHECK(every.next() == now + 59min);
  });
}

TEST_CASE("a plain thread can wait for ticks") {
  const time_point first = weft::clock::now() + 1ms;
  interval every(1ms, first);
  CHECK(every.tick() == first);
  CHECK(every.tick() == first + 1ms);
  CHECK(weft::clock::now() >= first + 1ms);
}
