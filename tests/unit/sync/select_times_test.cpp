#include <atomic>
#include <chrono>

#include <doctest/doctest.h>
#include <support/test_runtime.hpp>
#include <support/waiting_forms.hpp>

#include <weft/runtime/boot_clock.hpp>
#include <weft/runtime/cancel.hpp>
#include <weft/runtime/interval.hpp>
#include <weft/runtime/spawn.hpp>
#include <weft/runtime/wall_clock.hpp>
#include <weft/runtime/yield.hpp>
#include <weft/sync/channel.hpp>
#include <weft/sync/completion_queue.hpp>
#include <weft/sync/deadline.hpp>
#include <weft/sync/select.hpp>

/// Arms that become ready because time passes.
using namespace std::chrono_literals;
using weft::after;
using weft::channel;
using weft::errc;
using weft::on;
using weft::select;
using weft::time_point;
using namespace weft::testing;

TEST_CASE("[row 55] [row 70] an interval is an arm, and its ticks come at their times") {
  in_fiber([] {
    const time_point start = weft::clock::now();
    weft::interval every(2ms, start, weft::missed_tick::burst);
    channel<int> never;
    for (int i = 0; i < 4; ++i) {
      const auto tick =
          select(on(every.ticking()),
                 on(never.receiving(), [](weft::result<int>) { return time_point(); }));
      CHECK(tick == start + i * 2ms);
      CHECK(weft::clock::now() >= *tick);
    }
  });
}

TEST_CASE("[row 55] [row 70] a tick that loses a select is still to come") {
  in_fiber([] {
    const time_point first = weft::clock::now();
    weft::interval every(1h, first);
    channel<int> numbers(1);
    CHECK(numbers.try_send(1).has_value());
    CHECK(weft::select_in_order(on(numbers.receiving(), [](weft::result<int>) { return 1; }),
                                on(every.ticking(), [](time_point) { return 2; })) == 1);
    CHECK(every.next() == first);
    CHECK(weft::try_select(on(every.ticking())) == first);
    CHECK(every.next() == first + 1h);
    CHECK(error_of(select(on(every.ticking()), after(1ms))) == errc::timed_out);
    CHECK(error_of(weft::try_select(on(every.ticking()))) == std::errc::operation_would_block);
  });
}

TEST_CASE("[row 55] [row 71] a deadline is an arm, by a fiber and a thread") {
  test_runtime r({.workers = 2, .background = true});
  for (const actor_kind kind : {actor_kind::fiber, actor_kind::thread}) {
    weft::deadline end(3ms);
    const time_point at = end.at();
    channel<int> never;
    actor(kind, *r, [&] {  // NOLINT(bugprone-unused-raii): joined at once
      CHECK(select(on(end.waiting(), [] { return 1; }),
                   on(never.receiving(), [](weft::result<int>) { return 2; })) == 1);
      CHECK(weft::clock::now() >= at);
      CHECK(select(on(end.waiting(), [] { return 1; })) == 1);
    });
    CHECK(end.waiters() == 0);
  }
}

TEST_CASE("[row 55] [row 71] a deadline that is moved moves the select that waits for it") {
  in_fiber([] {
    weft::deadline end(1h);
    auto waiter = weft::spawn([&] { return select(on(end.waiting()), after(10h)); });
    wait_until_true([&] {
      weft::yield();
      return end.waiters() == 1;
    });
    end.extend(1h);
    end.reset(1ms);
    CHECK(waiter.join().has_value());
    end.reset(1h);
    CHECK(error_of(select(on(end.waiting()), after(1ms))) == errc::timed_out);
    weft::timeout_scope limit(1ms);
    CHECK(error_of(select(on(end.waiting()))) == errc::timed_out);
    CHECK(limit.is_expired());
    CHECK(end.waiters() == 0);
  });
}

TEST_CASE("[row 55] of an arm that is due and a time limit at the same moment the arm wins") {
  in_fiber([] {
    weft::deadline end(2ms);
    CHECK(select(weft::at(end.at(), [] { return 1; }), on(end.waiting(), [] { return 2; })) == 2);
  });
}

TEST_CASE("[row 55] [row 72] a time of day, and one on the boot clock, are arms") {
  in_fiber([] {
    channel<int> never;
    const auto end = weft::wall_clock::now() + 3ms;
    CHECK(select(on(weft::reaching(end), [] { return 1; }),
                 on(weft::reaching(weft::boot_clock::now() + 1h), [] { return 2; }),
                 on(never.receiving(), [](weft::result<int>) { return 3; })) == 1);
    CHECK(weft::wall_clock::now() >= end);
    CHECK(error_of(select(on(weft::reaching(weft::wall_time::max())), after(1ms))) ==
          errc::timed_out);
  });
}

TEST_CASE("[row 55] [row 58] a completion queue hands out what has become due, in its time") {
  in_fiber([] {
    weft::completion_queue<int> done;
    weft::interval every(1ms);
    weft::deadline far(1h);
    weft::deadline near(4ms);
    channel<int> numbers;
    done.add(on(every.ticking(), [](time_point) { return 1; }));
    done.add(on(far.waiting(), [] { return 2; }));
    done.add(on(near.waiting(), [] { return 3; }));
    done.add(on(numbers.receiving(), [](weft::result<int> n) { return *n; }));
    CHECK(done.next() == 1);
    CHECK(done.next() == 3);
    CHECK(weft::clock::now() >= near.at());
    CHECK(error_of(done.next_for(1ms)) == errc::timed_out);
    CHECK(error_of(done.try_next()) == std::errc::operation_would_block);
    auto sender = weft::spawn([&] { return numbers.send(4); });
    CHECK(done.next() == 4);
    CHECK(sender.join().has_value());
    auto mover = weft::spawn([&] { far.reset(1ms); });
    CHECK(done.next() == 2);
    CHECK(mover.join().has_value());
    CHECK(error_of(done.next()) == errc::end_of_stream);
    far.reset(1h);
    done.add(on(far.waiting(), [] { return 5; }));
    done.withdraw_all();
    CHECK(done.empty());
    CHECK(far.waiters() == 0);
  });
}
