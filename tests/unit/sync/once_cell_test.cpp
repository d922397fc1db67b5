#include <atomic>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <support/patience.hpp>
#include <support/test_runtime.hpp>
#include <support/waiting_forms.hpp>

#include <weft/runtime/cancel.hpp>
#include <weft/runtime/spawn.hpp>
#include <weft/runtime/yield.hpp>
#include <weft/sync/event.hpp>
#include <weft/sync/once_cell.hpp>

using namespace std::chrono_literals;
using weft::once_cell;
using namespace weft::testing;

TEST_CASE("[row 42] the first makes the value, the others wait and get the same") {
  test_runtime r({.workers = 2, .background = true});
  for (std::size_t round = 0; round < rounds(1000); ++round) {
    once_cell<std::string> cell;
    CHECK(cell.get() == nullptr);
    std::atomic<int> made{0};
    std::vector<actor> actors;
    for (int i = 0; i < 4; ++i) {
      actors.emplace_back(i == 0 ? actor_kind::thread : actor_kind::fiber, *r, [&] {
        auto got = cell.get_or_make([&] {
          ++made;
          weft::yield();
          return std::string("a value that is too long for a small string");
        });
        REQUIRE(got.has_value());
        CHECK(**got == "a value that is too long for a small string");
        CHECK(*got == cell.get());
        CHECK(made == 1);
      });
    }
  }
}

TEST_CASE("[row 42] a maker that fails or throws leaves the cell empty for the next") {
  in_fiber([] {
    once_cell<int> cell;
    CHECK(error_of(cell.get_or_make([]() -> weft::result<int> {
            return weft::fail(weft::errc::closed);
          })) == weft::errc::closed);
    CHECK(cell.get() == nullptr);
    CHECK_THROWS_AS((void)cell.get_or_make([]() -> int { throw std::runtime_error("no"); }),
                    std::runtime_error);
    CHECK(cell.get() == nullptr);
    CHECK(**cell.get_or_make([]() -> weft::result<int> { return 5; }) == 5);
    CHECK(**cell.get_or_make([] { return 6; }) == 5);
    const auto& fixed = cell;
    CHECK(*fixed.get() == 5);
  });
}

TEST_CASE("[row 42] set gives the value once") {
  in_fiber([] {
    once_cell<std::unique_ptr<int>> cell;
    CHECK(cell.set(std::make_unique<int>(1)) == true);
    CHECK(cell.set(std::make_unique<int>(2)) == false);
    CHECK(**cell.get() == 1);
  });
}

TEST_CASE("[row 42] who waits for a maker can be cancelled, and the value still comes") {
  in_fiber([] {
    once_cell<int> cell;
    weft::event started;
    weft::event may_end;
    auto maker = weft::spawn([&] {
      return cell.get_or_make([&] {
        started.set();
        (void)may_end.wait();
        return 7;
      });
    });
    CHECK(started.wait().has_value());
    auto waiter = weft::spawn([&] { return cell.get_or_make([] { return 8; }); });
    waiter.cancel();
    CHECK(error_of(waiter.join()) == weft::errc::operation_canceled);
    {
      weft::timeout_scope limit(2ms);
      CHECK(error_of(cell.set(9)) == weft::errc::timed_out);
    }
    may_end.set();
    CHECK(**maker.join() == 7);
    CHECK(*cell.get() == 7);
  });
}
