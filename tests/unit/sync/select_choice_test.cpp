#include <array>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>
#include <support/test_runtime.hpp>

#include <weft/runtime/cancel.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/spawn.hpp>
#include <weft/runtime/yield.hpp>
#include <weft/sync/channel.hpp>
#include <weft/sync/select.hpp>

using namespace std::chrono_literals;
using weft::channel;
using weft::select;
using weft::select_in_order;
using weft::try_select;
using weft::testing::error_of;
using weft::testing::in_fiber;

namespace {

constexpr auto would_block = std::errc::operation_would_block;

}  // namespace

TEST_CASE("[row 57] try_select does not wait") {
  in_fiber([] {
    channel<int> numbers(1);
    CHECK(error_of(try_select(weft::on(numbers.receiving()))) == would_block);
    CHECK(numbers.send(3).has_value());
    CHECK(try_select(weft::on(numbers.receiving())) == 3);
    CHECK(error_of(try_select(weft::on(numbers.receiving()))) == would_block);
  });
}

TEST_CASE("[row 57] otherwise() wins when nothing else is ready") {
  in_fiber([] {
    channel<int> numbers(1);
    const auto poll = [&] {
      return select(weft::on(numbers.receiving()), weft::otherwise([] { return -1; }));
    };
    CHECK(poll() == -1);
    CHECK(numbers.send(4).has_value());
    CHECK(poll() == 4);
    CHECK(poll() == -1);
  });
}

TEST_CASE("[row 57] after() without a handler makes the select time out") {
  in_fiber([] {
    channel<int> numbers(1);
    const auto begin = weft::clock::now();
    CHECK(error_of(select(weft::on(numbers.receiving()), weft::after(10ms))) ==
          weft::errc::timed_out);
    CHECK(weft::clock::now() - begin >= 10ms);
    CHECK(numbers.send(5).has_value());
    CHECK(select(weft::on(numbers.receiving()), weft::after(0ms)) == 5);
    CHECK(error_of(select(weft::on(numbers.receiving()), weft::after(-1h))) ==
          weft::errc::timed_out);
    CHECK(error_of(select(weft::on(numbers.receiving()), weft::at(weft::time_point::min()))) ==
          weft::errc::timed_out);
  });
}

TEST_CASE("[row 57] of several timers the earliest wins, by its handler") {
  in_fiber([] {
    channel<int> never;
    CHECK(select(weft::after(1h, [] { return 1; }), weft::on(never.receiving()),
                 weft::after(5ms, [] { return 2; }), weft::after(1h, [] { return 3; })) == 2);
    CHECK(select(weft::at(weft::clock::now() + 2ms, [] { return 4; })) == 4);
  });
}

TEST_CASE("[row 57] a cancellation ends a select, and so does the deadline of a scope around it") {
  in_fiber([] {
    channel<int> never;
    bool handled = false;
    const auto wait = [&] {
      return select(weft::on(never.receiving(), [&](weft::result<int>) { handled = true; }),
                    weft::after(1h));
    };
    auto fiber = weft::spawn(wait);
    CHECK(weft::sleep_for(2ms).has_value());
    fiber.cancel();
    CHECK(error_of(fiber.join()) == weft::errc::operation_canceled);
    {
      weft::timeout_scope limit{5ms};
      CHECK(error_of(wait()) == weft::errc::timed_out);
      CHECK(limit.is_expired());
    }
    CHECK_FALSE(handled);
  });
}

TEST_CASE("[row 57] a ready arm wins even in a cancelled scope") {
  in_fiber([] {
    channel<int> numbers(1);
    CHECK(numbers.send(1).has_value());
    weft::cancel_scope scope;
    scope.cancel();
    CHECK(select(weft::on(numbers.receiving())) == 1);
    CHECK(error_of(select(weft::on(numbers.receiving()))) == weft::errc::operation_canceled);
  });
}

TEST_CASE("[B17] select is fair: each of several ready arms wins about as often as the others") {
  in_fiber([] {
    std::array<int, 3> wins{};
    channel<int> a(1);
    channel<int> b(1);
    channel<int> c(1);
    channel<int> never;
    constexpr int draws = 30'000;
    for (int i = 0; i < draws; ++i) {
      (void)a.try_send(0);
      (void)b.try_send(1);
      (void)c.try_send(2);
      // The arms that are never ready must not pass their share on to a neighbour.
      const auto winner =
          select(weft::on(never.receiving()), weft::on(a.receiving()), weft::on(b.receiving()),
                 weft::on(never.receiving()), weft::on(never.receiving()), weft::on(c.receiving()));
      ++wins[static_cast<std::size_t>(*winner)];
    }
    for (const int n : wins) {
      CHECK(n > draws / 3 - draws / 30);
      CHECK(n < draws / 3 + draws / 30);
    }
  });
}

TEST_CASE("[B17] select_in_order prefers the arms that come first") {
  in_fiber([] {
    channel<int> a(10);
    channel<int> b(10);
    for (int i = 0; i < 10; ++i) {
      CHECK(b.send(20 + i).has_value());
      CHECK(a.send(10 + i).has_value());
    }
    for (int i = 0; i < 10; ++i) {
      CHECK(select_in_order(weft::on(a.receiving()), weft::on(b.receiving())) == 10 + i);
    }
    CHECK(select_in_order(weft::on(a.receiving()), weft::on(b.receiving())) == 20);
  });
}
