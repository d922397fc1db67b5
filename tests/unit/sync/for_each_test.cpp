#include <atomic>
#include <memory>
#include <numeric>
#include <ranges>
#include <stdexcept>
#include <vector>

#include <doctest/doctest.h>

#include <weft/runtime/cancel.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/yield.hpp>
#include <weft/sync/channel.hpp>
#include <weft/sync/event.hpp>
#include <weft/sync/for_each.hpp>

#include "../../support/test_runtime.hpp"

namespace weft::testing {

namespace {

using namespace std::chrono_literals;

const std::error_code broken = std::make_error_code(std::errc::protocol_error);

TEST_CASE("[row 62] for_each calls the function with each element, where it is") {
  in_fiber([] {
    std::vector<int> numbers(100);
    std::iota(numbers.begin(), numbers.end(), 0);
    CHECK(for_each(numbers, 4, [](int& each) {
      yield();
      each *= 2;
    }));
    CHECK(numbers[0] == 0);
    CHECK(numbers[99] == 198);
    std::vector<int> none;
    CHECK(for_each(none, 4, [](int) { CHECK(false); }));
    int calls = 0;
    CHECK(for_each(std::views::single(5), 1, [&](int each) { calls += each; }));
    CHECK(calls == 5);
  });
}

TEST_CASE("[row 62] for_each makes no more calls at a time than its limit") {
  in_fiber([] {
    for (const int limit : {1, 3, 0}) {
      std::atomic<int> running{0};
      std::atomic<int> most{0};
      std::atomic<int> calls{0};
      CHECK(for_each(std::views::iota(0, 50), static_cast<std::size_t>(limit), [&](int) {
        const int now = ++running;
        for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
        }
        (void)sleep_for(100us);
        --running;
        ++calls;
      }));
      CHECK(calls == 50);
      CHECK((limit == 0 || most <= limit));
    }
  });
}

TEST_CASE("[row 62] for_each with many calls at a time lets them wait for each other") {
  in_fiber([] {
    std::atomic<int> arrived{0};
    event all_here;
    CHECK(for_each(std::views::iota(0, 8), 8, [&](int) {
      if (++arrived == 8) {
        all_here.set();
      }
      return all_here.wait();
    }));
  });
}

TEST_CASE("[row 62] the first failure of for_each cancels the calls and ends the taking") {
  in_fiber([] {
    std::atomic<int> canceled{0};
    const auto fails_at_two = [&](int each) -> result<void> {
      if (each == 2) {
        (void)sleep_for(1ms);
        return fail(broken);
      }
      canceled += error_of(sleep_for(1h)) == errc::operation_canceled;
      return {};
    };
    CHECK(error_of(for_each(std::views::iota(0), 3, fails_at_two)) == broken);
    CHECK(canceled == 2);
    const auto throws = [](int) { throw std::runtime_error("thrown"); };
    CHECK_THROWS_WITH_AS((void)for_each(std::views::iota(0), 2, throws), "thrown",
                         std::runtime_error);
  });
}

TEST_CASE("[row 62] for_each is timed out and cancelled with its caller, its calls joined") {
  in_fiber([] {
    std::atomic<int> running{0};
    const auto reluctant = [&](int) {
      ++running;
      const auto slept = sleep_for(1h);
      {
        const shield farewell;
        (void)sleep_for(1ms);
      }
      --running;
      return slept;
    };
    for (const std::size_t limit : {2U, 0U}) {
      {
        const timeout_scope deadline(2ms);
        CHECK(error_of(for_each(std::views::iota(0, 9), limit, reluctant)) == errc::timed_out);
        CHECK(running == 0);
      }
      auto caller = spawn([&] { return for_each(std::views::iota(0, 9), limit, reluctant); });
      while (running < 2) {
        yield();
      }
      caller.cancel();
      CHECK(error_of(caller.join()) == errc::operation_canceled);
      CHECK(running == 0);
    }
  });
}

TEST_CASE("[row 62] what was not taken because the caller was cancelled is an error") {
  in_fiber([] {
    cancel_scope region;
    std::atomic<int> calls{0};
    const auto done = for_each(std::views::iota(0, 9), 1, [&](int) {
      ++calls;
      region.cancel();
    });
    CHECK(error_of(done) == errc::operation_canceled);
    CHECK(calls < 9);
  });
}

TEST_CASE(
    "[row 32] [row 62] a range that throws cancels the calls, and its exception is rethrown") {
  in_fiber([] {
    std::atomic<int> running{0};
    auto range = std::views::iota(0, 9) | std::views::transform([](int each) {
                   return each < 3 ? each : throw std::runtime_error("no such element");
                 });
    const auto calls = [&] {
      (void)for_each(range, 0, [&](int) {
        ++running;
        (void)sleep_for(1h);
        --running;
      });
    };
    CHECK_THROWS_WITH_AS(calls(), "no such element", std::runtime_error);
    CHECK(running == 0);
  });
}

TEST_CASE("[row 62] for_each over a channel works until it is closed, or a call fails") {
  in_fiber([] {
    channel<std::unique_ptr<int>> work(2);
    auto producer = spawn([&] {
      for (int i = 1; i <= 100; ++i) {
        CHECK(work.send(std::make_unique<int>(i)));
      }
      work.close();
    });
    std::atomic<int> sum{0};
    CHECK(for_each(work, 4, [&](std::unique_ptr<int> each) { sum += *each; }));
    CHECK(sum == 5050);
    CHECK(producer.join());

    channel<int> idle(1);
    CHECK(idle.send(1));
    CHECK(error_of(for_each(idle, 4, [](int) -> result<void> { return fail(broken); })) == broken);
    const timeout_scope limit(2ms);
    CHECK(error_of(for_each(idle, 4, [](int) {})) == errc::timed_out);
  });
}

TEST_CASE("[row 62] wherever the caller of for_each is cancelled, all calls are joined") {
  for (int turns = 0; turns < 40; ++turns) {
    in_fiber(
        [&] {
          std::atomic<int> running{0};
          std::atomic<int> calls{0};
          auto caller = spawn([&] {
            const auto done = for_each(std::views::iota(0, 6), 2, [&](int) -> result<void> {
              ++running;
              ++calls;
              yield();
              const auto slept = sleep_for(1us);
              --running;
              return slept;
            });
            CHECK(running == 0);
            CHECK((done ? calls == 6 : error_of(done) == errc::operation_canceled));
          });
          for (int i = 0; i < turns; ++i) {
            yield();
          }
          caller.cancel();
          CHECK(caller.join());
        },
        {.workers = 1});
  }
}

}  // namespace

}  // namespace weft::testing
