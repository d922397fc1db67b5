#include "fiber_timer.hpp"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <random>
#include <vector>

#include <doctest/doctest.h>
#include <support/patience.hpp>
#include <support/test_runtime.hpp>

#include <weft/runtime/cancel.hpp>
#include <weft/runtime/clock.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/spawn.hpp>
#include <weft/runtime/yield.hpp>

#include "worker.hpp"

using namespace std::chrono_literals;
using weft::errc;
using weft::testing::error_of;
using weft::testing::in_fiber;

namespace {

std::size_t armed_here() {
  return weft::detail::worker::current()->timers().size();
}

}  // namespace

TEST_CASE("deadlines that come and go leave the timer where it is") {
  in_fiber(
      [] {
        for (int i = 0; i < 1000; ++i) {
          const weft::timeout_scope limit{10s};
          CHECK(armed_here() == 1);
        }
        CHECK(weft::sleep_for(1us));
        CHECK(armed_here() <= 1);
      },
      {.workers = 1});
}

TEST_CASE("a nearer deadline strikes in its own time, and the one around it stays") {
  in_fiber(
      [] {
        const weft::timeout_scope outer{1h};
        {
          const auto start = weft::clock::now();
          const weft::timeout_scope inner{3ms};
          CHECK(error_of(weft::sleep_for(1h)) == errc::timed_out);
          CHECK(weft::clock::now() - start >= 3ms);
          CHECK(inner.is_expired());
        }
        CHECK_FALSE(outer.is_expired());
        CHECK(weft::sleep_for(1ms));
        CHECK(armed_here() == 1);
      },
      {.workers = 1});
}

TEST_CASE("a timer left by an earlier deadline goes off and is armed for what is wanted then") {
  in_fiber(
      [] {
        {
          const weft::timeout_scope gone{1ms};
        }
        const auto start = weft::clock::now();
        const weft::timeout_scope limit{6ms};
        CHECK(error_of(weft::sleep_for(1h)) == errc::timed_out);
        CHECK(weft::clock::now() - start >= 6ms);
      },
      {.workers = 1});
}

TEST_CASE("a deadline that is put off strikes when it was put off to") {
  in_fiber(
      [] {
        const auto start = weft::clock::now();
        weft::timeout_scope limit{1ms};
        CHECK(limit.reset(8ms));
        CHECK(error_of(weft::sleep_for(1h)) == errc::timed_out);
        CHECK(weft::clock::now() - start >= 8ms);
      },
      {.workers = 1});
}

TEST_CASE("a sleep and the scopes around it share the timer") {
  in_fiber(
      [] {
        const auto start = weft::clock::now();
        const weft::timeout_scope limit{20ms};
        const bool slept = weft::sleep_for(1ms).has_value();
        const bool expired = limit.is_expired();
        if (weft::clock::now() - start < 20ms) {  // a busy machine may take longer
          CHECK(slept);
          CHECK_FALSE(expired);
        }
        CHECK(error_of(weft::sleep_for(1h)) == errc::timed_out);
        CHECK(limit.is_expired());
      },
      {.workers = 1});
}

TEST_CASE("a fiber's end takes its timer along") {
  in_fiber(
      [] {
        auto brief = weft::spawn([] {
          const weft::timeout_scope limit{1h};
          weft::yield();
        });
        CHECK(brief.join());
        CHECK(armed_here() == 0);
      },
      {.workers = 1});
}

TEST_CASE("a scope ends on time though its fiber computes") {
  in_fiber(
      [] {
        const auto start = weft::clock::now();
        const weft::timeout_scope limit{5ms};
        const auto patience = start + weft::testing::patience();
        while (!limit.is_expired() && weft::clock::now() < patience) {
        }
        CHECK(limit.is_expired());
        CHECK(weft::clock::now() - start >= 5ms);
      },
      {.workers = 2});
}

TEST_CASE("nested deadlines and sleeps of many fibers strike in time, none early, none lost") {
  for (const unsigned workers : {1U, 2U, 8U}) {
    CAPTURE(workers);
    std::atomic<int> early{0};
    std::atomic<int> wrong{0};
    in_fiber(
        [&] {
          std::vector<weft::join_handle<void>> fibers;
          for (std::uint32_t seed = 1; seed <= 64; ++seed) {
            fibers.push_back(weft::spawn([&, seed] {
              std::minstd_rand random(seed);
              const auto up_to = [&](unsigned us) {
                return std::chrono::microseconds(random() % us);
              };
              for (int round = 0; round < 60; ++round) {
                weft::timeout_scope outer{up_to(3000)};
                const auto limit = outer.deadline();
                weft::timeout_scope inner{up_to(3000)};
                const auto first = std::min(limit, inner.deadline());
                const auto end = weft::clock::now() + up_to(3000);
                const auto slept = weft::sleep_until(end);
                const auto now = weft::clock::now();
                if (slept) {
                  early += now < end ? 1 : 0;
                } else {
                  wrong += slept.error() == errc::timed_out ? 0 : 1;
                  early += now < first ? 1 : 0;
                }
                if (random() % 4 == 0) {
                  weft::yield();
                }
              }
            }));
          }
          for (auto& f : fibers) {
            wrong += f.join() ? 0 : 1;
          }
        },
        {.workers = workers});
    CHECK(early == 0);
    CHECK(wrong == 0);
  }
}
