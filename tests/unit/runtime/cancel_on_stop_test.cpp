#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <stop_token>
#include <thread>

#include <doctest/doctest.h>
#include <support/patience.hpp>
#include <support/test_runtime.hpp>

#include <weft/runtime/cancel_on_stop.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/spawn.hpp>

using namespace std::chrono_literals;
using weft::cancel_on_stop;
using weft::errc;
using weft::testing::error_of;
using weft::testing::in_fiber;

TEST_CASE("[row 66] a stop that is requested ends the waits inside, and says why") {
  in_fiber([] {
    std::stop_source source;
    {
      cancel_on_stop region(source.get_token());
      CHECK(weft::sleep_for(1ms).has_value());
      CHECK_FALSE(region.is_canceled());
      auto other = weft::spawn([&] { source.request_stop(); });
      CHECK(error_of(weft::sleep_for(1h)) == errc::operation_canceled);
      CHECK(region.is_canceled());
      const auto cause = weft::why_canceled();
      REQUIRE(cause);
      CHECK(std::strcmp(cause->reason, "a stop was requested") == 0);
      weft::shield to_join;
      CHECK(other.join().has_value());
    }
    CHECK(weft::sleep_for(1ms).has_value());
  });
}

TEST_CASE("[row 66] a stop that was requested before is felt at once") {
  in_fiber([] {
    std::stop_source source;
    source.request_stop();
    cancel_on_stop region(source.get_token(), "too late");
    CHECK(error_of(weft::sleep_for(1h)) == errc::operation_canceled);
    const auto cause = weft::why_canceled();
    REQUIRE(cause);
    CHECK(std::strcmp(cause->reason, "too late") == 0);
  });
}

TEST_CASE("a scope around which no stop can come is a scope like others") {
  in_fiber([] {
    cancel_on_stop region{std::stop_token()};
    CHECK(weft::sleep_for(1ms).has_value());
    region.cancel();
    CHECK(error_of(weft::sleep_for(1h)) == errc::operation_canceled);
  });
}

TEST_CASE("a stop after the scope was left cancels nothing") {
  in_fiber([] {
    std::stop_source source;
    {
      cancel_on_stop region(source.get_token());
    }
    source.request_stop();
    CHECK(weft::sleep_for(1ms).has_value());
  });
}

TEST_CASE("[row 66] a std::jthread that is stopped leaves its wait") {
  std::error_code ended;
  {
    std::jthread thread([&](const std::stop_token& stop) {
      cancel_on_stop region(stop);
      ended = error_of(weft::sleep_for(1h));
    });
  }
  CHECK(ended == errc::operation_canceled);
}

TEST_CASE("[row 66] leaving the scope and requesting a stop at the same time is safe") {
  for (std::size_t i = 0; i < weft::testing::rounds(1000); ++i) {
    std::stop_source source;
    std::atomic<bool> inside{false};
    std::jthread thread([&] {
      cancel_on_stop region(source.get_token());
      inside = true;
    });
    while (!inside) {
      std::this_thread::yield();
    }
    source.request_stop();
  }
}
