#include <atomic>
#include <chrono>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <support/patience.hpp>
#include <support/test_runtime.hpp>
#include <support/waiting_forms.hpp>

#include <weft/runtime/cancel.hpp>
#include <weft/runtime/spawn.hpp>
#include <weft/runtime/yield.hpp>
#include <weft/sync/promise.hpp>

using namespace std::chrono_literals;
using weft::promise;
using namespace weft::testing;

TEST_CASE("[row 44] a promise is settled once, by a value, an error or an exception") {
  promise<int> value;
  CHECK_FALSE(value.is_settled());
  CHECK(value.set_value(1));
  CHECK(value.is_settled());
  CHECK_FALSE(value.set_value(2));
  CHECK_FALSE(value.set_error(weft::errc::closed));
  CHECK_FALSE(value.set_exception(std::make_exception_ptr(1)));
  CHECK(value.get_future().get() == 1);

  promise<int> error;
  CHECK(error.set_error(weft::errc::closed));
  CHECK(error_of(error.get_future().get()) == weft::errc::closed);

  promise<int> exception;
  CHECK(exception.set_exception(std::make_exception_ptr(std::runtime_error("no"))));
  const auto thrown = exception.get_future();
  CHECK(thrown.wait().has_value());
  CHECK_THROWS_AS((void)thrown.get(), std::runtime_error);
  CHECK_THROWS_AS((void)thrown.try_get(), std::runtime_error);
}

TEST_CASE("[row 44] a promise that is dropped or overwritten is broken") {
  weft::future<std::string> dropped;
  CHECK_FALSE(dropped.valid());
  {
    promise<std::string> p;
    dropped = p.get_future();
    CHECK(dropped.valid());
    CHECK_FALSE(dropped.is_ready());
  }
  CHECK(dropped.is_ready());
  CHECK(error_of(dropped.get()) == weft::errc::broken_promise);
  CHECK(error_of(dropped.view()) == weft::errc::broken_promise);
  CHECK(std::error_code(weft::errc::broken_promise).message() ==
        "the promise was dropped before it was kept");

  promise<std::string> p;
  const auto overwritten = p.get_future();
  p = promise<std::string>();
  CHECK(error_of(overwritten.get()) == weft::errc::broken_promise);

  promise<std::string> moved = std::move(p);
  const auto kept = moved.get_future();
  CHECK(moved.set_value("kept"));
  CHECK(kept.get() == "kept");
}

TEST_CASE("[row 44] nobody leaks the value or destroys it twice") {
  auto watched = std::make_shared<int>(1);
  {
    promise<std::shared_ptr<int>> p;
    const auto one = p.get_future();
    auto two = one;
    CHECK(p.set_value(watched));
    CHECK(watched.use_count() == 2);
    CHECK(two.get().value() == watched);
    two = {};
    CHECK(watched.use_count() == 2);
  }
  CHECK(watched.use_count() == 1);
}

TEST_CASE("[row 44] a value whose move throws settles the promise with that") {
  struct fragile {
    fragile() = default;
    fragile(const fragile&) = default;
    // NOLINTNEXTLINE(performance-noexcept-move-constructor)
    fragile(fragile&&) { throw std::logic_error("moved"); }
  };
  promise<std::unique_ptr<fragile>> fine;
  CHECK(fine.set_value(std::make_unique<fragile>()));
  promise<fragile> p;
  const auto f = p.get_future();
  const fragile value;
  CHECK(p.set_value(value));
  CHECK_THROWS_AS((void)f.view(), std::logic_error);
}

TEST_CASE("[row 44] of many that settle at once one succeeds, and all get its value") {
  test_runtime r({.workers = 2, .background = true});
  for (std::size_t round = 0; round < rounds(1000); ++round) {
    promise<std::size_t> p;
    std::atomic<std::size_t> winner{100};
    std::vector<actor> actors;
    for (std::size_t i = 0; i < 6; ++i) {
      actors.emplace_back(i % 3 == 0 ? actor_kind::thread : actor_kind::fiber, *r, [&, i] {
        if (i % 2) {
          if (p.set_value(i)) {
            CHECK(winner.exchange(i) == 100);
          }
        } else {
          CHECK(p.get_future().get().value() % 2 == 1);
        }
      });
    }
    actors.clear();
    CHECK(p.get_future().get() == winner.load());
  }
}
