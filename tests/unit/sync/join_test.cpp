#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <ranges>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include <weft/runtime/cancel.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/yield.hpp>
#include <weft/sync/event.hpp>
#include <weft/sync/join.hpp>

#include "../../support/test_runtime.hpp"

namespace weft::testing {

namespace {

using namespace std::chrono_literals;

const std::error_code broken = std::make_error_code(std::errc::protocol_error);

/// Counts the calls that have begun and not ended.
class present {
 public:
  explicit present(std::atomic<int>& count) : count_(count) { ++count_; }
  ~present() { --count_; }
  present(const present&) = delete;
  present& operator=(const present&) = delete;

 private:
  std::atomic<int>& count_;
};

/// A function that ends only when it is cancelled, and then takes its time.
auto reluctant(std::atomic<int>& running) {
  return [&running]() -> result<int> {
    const present here(running);
    const auto slept = sleep_for(1h);
    const shield farewell;
    (void)sleep_for(1ms);
    return slept ? result<int>(0) : fail(slept.error());
  };
}

int seven() {
  return 7;
}

TEST_CASE("[row 62] join_all returns what each function has returned, in their order") {
  in_fiber([] {
    auto [number, nothing, error, owned] = join_all(
        [] {
          (void)sleep_for(2ms);
          return 1;
        },
        [] {}, []() -> result<std::string> { return fail(broken); },
        [] { return std::make_unique<int>(4); });
    CHECK(number == 1);
    CHECK(nothing.has_value());
    CHECK(error_of(error) == broken);
    CHECK(*owned.value() == 4);
    CHECK(std::get<0>(join_all(seven)) == 7);
    CHECK(std::tuple_size_v<decltype(join_all())> == 0);
  });
}

TEST_CASE("[row 62] join_all calls the functions of a range") {
  in_fiber([] {
    std::vector<std::function<result<int>()>> functions;
    CHECK(join_all(functions).empty());
    functions.emplace_back(seven);
    CHECK(join_all(functions).at(0) == 7);
    functions.emplace_back([] { return fail(broken); });
    const auto both = join_all(functions);
    REQUIRE(both.size() == 2);
    CHECK(both[0] == 7);
    CHECK(error_of(both[1]) == broken);
    auto made =
        std::views::iota(0, 50) | std::views::transform([](int i) { return [i] { return i; }; });
    const auto all = join_all(made);
    REQUIRE(all.size() == 50);
    CHECK(all[49] == 49);
  });
}

TEST_CASE("[row 62] what join_all calls is timed out and cancelled with its caller, and joined") {
  in_fiber([] {
    std::atomic<int> running{0};
    {
      const timeout_scope limit(2ms);
      auto [first, second] = join_all(reluctant(running), seven);
      CHECK(error_of(first) == errc::timed_out);
      CHECK(second == 7);
      CHECK(running == 0);
    }
    event begun;
    auto caller = spawn([&] {
      auto [first, second] = join_all(reluctant(running), [&] { begun.set(); });
      CHECK(running == 0);
      return error_of(first);
    });
    CHECK(begun.wait());
    caller.cancel();
    CHECK(caller.join() == make_error_code(errc::operation_canceled));
  });
}

TEST_CASE("[row 32] [row 62] join_all rethrows the first exception when all have ended") {
  in_fiber([] {
    bool ended = false;
    const auto calls = [&] {
      (void)join_all(
          [] {
            (void)sleep_for(2ms);
            throw std::runtime_error("first");
          },
          [] { throw std::logic_error("second"); }, [&] { ended = sleep_for(5ms).has_value(); });
    };
    CHECK_THROWS_WITH_AS(calls(), "first", std::runtime_error);
    CHECK(ended);
  });
}

TEST_CASE("[row 62] try_join_all returns the values when none fails") {
  in_fiber([] {
    const auto all = try_join_all(seven, [] {}, [] { return std::string("eight"); });
    REQUIRE(all);
    CHECK(std::get<0>(*all) == 7);
    CHECK(std::get<2>(*all) == "eight");
    const result<void> nothing = try_join_all([] {}, []() -> result<void> { return {}; });
    CHECK(nothing);
    std::vector<std::function<int()>> functions;
    CHECK(try_join_all(functions).value().empty());
    functions.assign(20, seven);
    CHECK(try_join_all(functions) == std::vector<int>(20, 7));
    std::array<std::function<void()>, 2> silent{[] {}, [] {}};
    CHECK(try_join_all(silent));
  });
}

TEST_CASE("[row 62] the first failure of try_join_all cancels the others and is returned") {
  in_fiber([] {
    std::atomic<int> running{0};
    const auto failing = []() -> result<int> {
      (void)sleep_for(1ms);
      return fail(broken);
    };
    CHECK(error_of(try_join_all(reluctant(running), failing, reluctant(running))) == broken);
    CHECK(running == 0);
    std::vector<std::function<result<int>()>> functions(5, reluctant(running));
    functions.emplace_back(failing);
    CHECK(error_of(try_join_all(functions)) == broken);
    CHECK(running == 0);
    functions.emplace_back([]() -> result<int> { throw std::runtime_error("thrown"); });
    functions.erase(functions.begin() + 5);
    CHECK_THROWS_WITH_AS((void)try_join_all(functions), "thrown", std::runtime_error);
    CHECK(running == 0);
  });
}

TEST_CASE("[row 62] try_join_all is timed out and cancelled with its caller") {
  in_fiber([] {
    std::atomic<int> running{0};
    {
      const timeout_scope limit(2ms);
      CHECK(error_of(try_join_all(reluctant(running), seven)) == errc::timed_out);
    }
    cancel_scope region;
    region.cancel();
    bool called = false;
    CHECK(error_of(try_join_all([&] { called = true; })) == errc::operation_canceled);
    CHECK_FALSE(called);
    CHECK(running == 0);
  });
}

TEST_CASE("[row 62] the first to end wins a race; the others are cancelled and joined") {
  in_fiber([] {
    std::atomic<int> running{0};
    const auto quick = [] {
      (void)sleep_for(1ms);
      return 3L;
    };
    const result<long> won = race(reluctant(running), quick, reluctant(running));
    CHECK(won == 3);
    CHECK(running == 0);
    CHECK(race(seven) == 7);
    CHECK(race([] {}, [] { (void)sleep_for(1h); }));
    std::vector<std::function<result<int>()>> functions;
    CHECK(error_of(race(functions)) == std::errc::invalid_argument);
    functions.assign(10, reluctant(running));
    functions.emplace_back(seven);
    CHECK(race(functions) == 7);
    CHECK(running == 0);
  });
}

TEST_CASE("[row 62] an error or an exception wins a race, too, and those of losers are dropped") {
  in_fiber([] {
    std::atomic<int> running{0};
    CHECK(error_of(race(reluctant(running), [] { return result<int>(fail(broken)); })) == broken);
    const auto throws = []() -> int { throw std::runtime_error("thrown"); };
    CHECK_THROWS_WITH_AS((void)race(reluctant(running), throws), "thrown", std::runtime_error);
    CHECK(running == 0);
    const auto throws_late = []() -> int {
      (void)sleep_for(1h);
      throw std::runtime_error("late");
    };
    CHECK(race(throws_late, seven) == 7);
  });
}

TEST_CASE("[row 62] a race is timed out and cancelled with its caller") {
  in_fiber([] {
    std::atomic<int> running{0};
    {
      const timeout_scope limit(2ms);
      CHECK(error_of(race(reluctant(running), reluctant(running))) == errc::timed_out);
      CHECK(running == 0);
    }
    auto caller = spawn([&] { return race(reluctant(running), reluctant(running)); });
    while (running != 2) {
      yield();
    }
    caller.cancel();
    CHECK(error_of(caller.join()) == errc::operation_canceled);
    CHECK(running == 0);
  });
}

TEST_CASE("[row 62] [row 63] the caller learns why what it called was cancelled or timed out") {
  in_fiber([] {
    const auto too_slow = []() -> result<int> {
      const timeout_scope limit{1ms};
      return sleep_for(1h) ? result<int>(0) : fail(errc::timed_out);
    };
    const auto stopped = []() -> result<int> {
      cancel_scope scope;
      scope.cancel("enough");
      return sleep_for(1h) ? result<int>(0) : fail(errc::operation_canceled);
    };
    const auto [all] = join_all(too_slow);
    CHECK(cause_of(all.error())->limit == 1ms);
    CHECK(cause_of(try_join_all(stopped, seven).error())->reason == std::string_view("enough"));
    CHECK(cause_of(race(too_slow).error())->limit == 1ms);
    CHECK(cause_of(race(stopped).error())->reason == std::string_view("enough"));
  });
}

TEST_CASE("[row 62] wherever the caller is cancelled, all functions are joined") {
  const auto scenario = [](std::atomic<int>& running) {
    event first;
    event second;
    const auto one = [&] {
      const present here(running);
      return first.wait();
    };
    const auto two = [&] {
      const present here(running);
      first.set();
      return second.wait();
    };
    const auto three = [&] {
      const present here(running);
      yield();
      second.set();
      return sleep_for(1us);
    };
    const auto [a, b, c] = join_all(one, two, three);
    CHECK(running == 0);
    const auto tried = try_join_all(one, two, three);
    CHECK(running == 0);
    CHECK((tried || tried.error() == errc::operation_canceled));
    (void)race(one, two, three);
    CHECK(running == 0);
    return a && b && c && tried;
  };
  for (int turns = 0; turns < 40; ++turns) {
    in_fiber(
        [&] {
          std::atomic<int> running{0};
          auto caller = spawn([&] { return scenario(running); });
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
