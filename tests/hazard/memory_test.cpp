#include <cstdio>

#include <doctest/doctest.h>

#include <weft/runtime/runtime.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/spawn.hpp>
#include <weft/sync/task_group.hpp>

#include "../support/test_runtime.hpp"

/// What many parked fibers cost.
namespace weft::testing {

namespace {

using namespace std::chrono_literals;

double resident_bytes() {
  long total = 0;
  long resident = 0;
  std::FILE* statm = std::fopen("/proc/self/statm", "r");
  REQUIRE(statm);
  REQUIRE(std::fscanf(statm, "%ld %ld", &total, &resident) == 2);
  std::fclose(statm);
  return static_cast<double>(resident) * 4096;
}

void park_many(int count, double most_bytes_each) {
  in_fiber(
      [=] {
        const double before = resident_bytes();
        task_group group{on_error::keep_going};
        int parked = 0;
        for (int i = 0; i < count; ++i) {
          group.spawn([&parked] {
            ++parked;
            (void)sleep_for(1h);
          });
        }
        while (parked < count) {
          (void)sleep_for(10ms);
        }
        const double each = (resident_bytes() - before) / count;
        MESSAGE(count << " parked fibers: " << each << " bytes each");
        CHECK(each <= most_bytes_each);
        CHECK(runtime::current()->statistics().unguarded_stacks == 0);
      },
      {.workers = 1});
}

TEST_CASE(
    "[row B1] a hundred thousand parked fibers take at most 4,700 bytes each, guards included") {
  park_many(100'000, 4'700);
}

TEST_CASE("[row B1] a million parked fibers fit a stock system, guarded") {
  park_many(1'000'000, 4'700);
}

}  // namespace

}  // namespace weft::testing
