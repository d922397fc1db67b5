#include <exception>
#include <stdexcept>
#include <string>

#include <doctest/doctest.h>

#include <weft/runtime/runtime.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/spawn.hpp>
#include <weft/runtime/yield.hpp>
#include <weft/sync/task_group.hpp>

#include "../support/test_runtime.hpp"

/// The C++ runtime keeps the exceptions in flight for each thread; each fiber must have its own.
namespace weft::testing {

namespace {

using namespace std::chrono_literals;

/// Suspends while its object is destroyed by an exception on its way.
struct suspends_when_destroyed {
  int expected_in_flight;
  ~suspends_when_destroyed() {
    CHECK(std::uncaught_exceptions() == expected_in_flight);
    yield();
    (void)sleep_for(50us);
    CHECK(std::uncaught_exceptions() == expected_in_flight);
  }
};

void throw_through(int number) {
  const suspends_when_destroyed witness{1};
  throw std::runtime_error(std::to_string(number));
}

/// Catches, suspends inside the handler, throws and catches another, and still has the first.
void nest(int number) {
  try {
    throw_through(number);
  } catch (const std::runtime_error& outer) {
    yield();
    CHECK(outer.what() == std::to_string(number));
    CHECK(std::uncaught_exceptions() == 0);
    try {
      (void)sleep_for(20us);
      throw_through(number + 1);
    } catch (const std::runtime_error& inner) {
      yield();
      CHECK(inner.what() == std::to_string(number + 1));
    }
    yield();
    try {
      throw;  // the outer one again, after all that
    } catch (const std::runtime_error& again) {
      CHECK(again.what() == std::to_string(number));
    }
  }
  CHECK(std::current_exception() == nullptr);
}

TEST_CASE("fibers that suspend in handlers and while unwinding keep their own exceptions") {
  for (const unsigned workers : {1U, 2U, 4U}) {
    CAPTURE(workers);
    in_fiber(
        [] {
          task_group group;
          for (int i = 0; i < 100; ++i) {
            group.spawn([i] {
              for (int turn = 0; turn < 10; ++turn) {
                nest(i * 100 + turn);
              }
            });
          }
          CHECK(group.wait());
        },
        {.workers = workers});
  }
}

TEST_CASE("a runtime may be run inside a handler without disturbing it") {
  try {
    throw std::runtime_error("outside");
  } catch (const std::runtime_error& outside) {
    in_fiber(
        [] {
          CHECK(std::current_exception() == nullptr);
          nest(7);
        },
        {.workers = 1});
    CHECK(std::string(outside.what()) == "outside");
    CHECK(std::current_exception() != nullptr);
  }
}

TEST_CASE("the rounding mode belongs to the fiber that set it") {
  in_fiber(
      [] {
        volatile double one = 1.0;
        volatile double three = 3.0;
        const double nearest = one / three;
        auto other = spawn([&] {
          for (int i = 0; i < 100; ++i) {
            CHECK(one / three == nearest);
            yield();
          }
        });
        for (int i = 0; i < 100; ++i) {
          CHECK(one / three == nearest);
          yield();
        }
        CHECK(other.join());
      },
      {.workers = 1});
}

}  // namespace

}  // namespace weft::testing
