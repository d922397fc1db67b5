#include <atomic>
#include <cerrno>
#include <cstdint>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include <weft/runtime/blocking.hpp>
#include <weft/runtime/runtime.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/spawn.hpp>
#include <weft/runtime/this_fiber.hpp>
#include <weft/runtime/yield.hpp>
#include <weft/sync/task_group.hpp>

#include "../support/test_runtime.hpp"

/// A fiber that migrates finds itself on another thread in the middle of a function. A compiler
/// that keeps the address of a thread-local across the call that suspends then uses the wrong
/// thread's; with -O3 and link-time optimisation it sees through every call it can.
namespace weft::testing {

namespace {

using namespace std::chrono_literals;

/// Moves the caller to another worker's thread, sooner or later: its worker is kept busy by others.
void wander() {
  for (int i = 0; i < 50; ++i) {
    (void)sleep_for(100us);
  }
}

TEST_CASE("the library's own thread-locals follow a fiber that migrates") {
  in_fiber(
      [] {
        std::atomic<int> migrated{0};
        task_group group;
        for (int i = 0; i < 64; ++i) {
          group.spawn([&migrated] {
            const std::uint64_t me = this_fiber::id();
            const auto first = std::this_thread::get_id();
            for (int turn = 0; turn < 200; ++turn) {
              yield();
              // Each of these reads the current worker after a possible migration.
              CHECK(this_fiber::id() == me);
              CHECK(runtime::current() != nullptr);
              if (turn % 16 == 0) {
                (void)sleep_for(50us);
                CHECK(this_fiber::id() == me);
              }
            }
            migrated += std::this_thread::get_id() != first ? 1 : 0;
          });
        }
        CHECK(group.wait());
        MESSAGE("fibers that ended on another thread: " << migrated.load());
      },
      {.workers = 4});
}

TEST_CASE("a fiber is really moved while its worker computes") {
  in_fiber(
      [] {
        std::atomic<bool> stop{false};
        auto hog = spawn([&stop] {
          while (!stop) {
          }
        });
        const auto before = clock::now();
        wander();
        stop = true;
        CHECK(hog.join());
        // 50 naps of 100 us: had they waited for the hog they would never have ended.
        CHECK(clock::now() - before < 30s);
      },
      {.workers = 2});
}

TEST_CASE("errno is the thread's own after a suspension") {
  in_fiber(
      [] {
        task_group group;
        for (int i = 0; i < 16; ++i) {
          group.spawn([] {
            for (int turn = 0; turn < 100; ++turn) {
              yield();
              errno = 0;
              CHECK(errno == 0);  // no suspension between: the two must name one thread's variable
            }
          });
        }
        CHECK(group.wait());
      },
      {.workers = 4});
}

TEST_CASE("a fiber comes back from the blocking pool as the same fiber") {
  in_fiber(
      [] {
        task_group group;
        for (int i = 0; i < 8; ++i) {
          group.spawn([] {
            const std::uint64_t me = this_fiber::id();
            for (int turn = 0; turn < 20; ++turn) {
              const auto there = blocking([] { return std::this_thread::get_id(); });
              CHECK(there.has_value());
              CHECK(this_fiber::id() == me);
            }
          });
        }
        CHECK(group.wait());
      },
      {.workers = 4});
}

}  // namespace

}  // namespace weft::testing
