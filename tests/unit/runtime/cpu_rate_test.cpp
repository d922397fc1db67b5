#include <doctest/doctest.h>

#include "cpu_count.hpp"

/// The limit that a job sets on Windows. Wine 8 has none: what it comes to is tried without one.
using weft::detail::cpus_of_rate;

TEST_CASE("[row 14] a job's rate is a share of all processors, rounded up to whole ones") {
  CHECK(cpus_of_rate(5'000, 4) == 2);
  CHECK(cpus_of_rate(5'001, 4) == 3);
  CHECK(cpus_of_rate(10'000, 64) == 64);
  CHECK(cpus_of_rate(1, 64) == 1);
  CHECK(cpus_of_rate(10'000, 1'000'000) == 1'000'000);
}

TEST_CASE("[row 14] no rate is no limit") {
  CHECK(cpus_of_rate(0, 64) == 0);
}
