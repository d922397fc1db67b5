#include <atomic>
#include <chrono>
#include <optional>
#include <stop_token>
#include <thread>

#include <doctest/doctest.h>
#include <support/test_runtime.hpp>
#include <support/waiting_forms.hpp>

#include <weft/runtime/blocking.hpp>
#include <weft/runtime/cancel.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/spawn.hpp>
#include <weft/sync/event.hpp>
#include <weft/sync/stop_on_cancel.hpp>

using namespace std::chrono_literals;
using weft::errc;
using weft::stop_on_cancel;
using namespace weft::testing;

namespace {

/// What code that knows nothing of fibers does: works until it is told to stop.
void work_until_stopped(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    std::this_thread::sleep_for(100us);
  }
}

}  // namespace

TEST_CASE("cancelling a fiber stops the blocking code that it calls") {
  in_fiber([] {
    std::atomic<bool> begun{false};
    auto fiber = weft::spawn([&] {
      const stop_on_cancel region;
      return weft::blocking([&, stop = region.token()] {
        begun = true;
        work_until_stopped(stop);
        return 7;
      });
    });
    wait_until_true([&] { return begun.load(); });
    fiber.cancel();
    CHECK(fiber.join() == 7);
  });
}

TEST_CASE("a deadline requests the stop, too, and calls the token's callbacks") {
  in_fiber([] {
    weft::timeout_scope limit(2ms);
    const stop_on_cancel region;
    weft::event told;
    const std::stop_callback tell(region.token(), [&] { told.set(); });
    const weft::shield patience;
    CHECK(told.wait().has_value());
    CHECK(region.token().stop_requested());
    CHECK(limit.is_expired());
  });
}

TEST_CASE("in a scope that was cancelled the stop is requested soon") {
  in_fiber([] {
    weft::cancel_scope scope;
    scope.cancel();
    const stop_on_cancel region;
    work_until_stopped(region.token());
  });
}

TEST_CASE("leaving the region requests no stop, and a shield keeps it away") {
  in_fiber([] {
    std::stop_token token;
    {
      const stop_on_cancel region;
      token = region.token();
      CHECK(weft::sleep_for(1ms).has_value());
    }
    CHECK_FALSE(token.stop_requested());
    weft::cancel_scope scope;
    const weft::shield around;
    const stop_on_cancel region;
    scope.cancel();
    CHECK(weft::sleep_for(1ms).has_value());
    CHECK_FALSE(region.token().stop_requested());
  });
}

TEST_CASE("the runtime's shutdown requests the stop") {
  std::optional<test_runtime> r(std::in_place,
                                weft::runtime_options{.workers = 2, .background = true});
  std::atomic<bool> begun{false};
  std::atomic<bool> stopped{false};
  (*r)->spawn([&] {
        const stop_on_cancel region;
        const weft::shield patience;
        begun = true;
        (void)weft::blocking([&] { work_until_stopped(region.token()); });
        stopped = true;
      })
      .detach();
  wait_until_true([&] { return begun.load(); });
  r.reset();
  CHECK(stopped);
}
