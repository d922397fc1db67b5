#include "cpu_count.hpp"

#include <thread>

#include <doctest/doctest.h>
#include <this_process.hpp>

using weft::detail::usable_cpus;

TEST_CASE("[row 14] no more processors are used than may be") {
  CHECK(usable_cpus() >= 1);
  CHECK(usable_cpus() <= weft::testing::allowed_processors());
}

TEST_CASE("[row 14] the affinity mask limits the processors") {
  unsigned restricted = 0;
  std::thread([&restricted] {
    const weft::testing::on_one_processor confined;
    restricted = usable_cpus();
  }).join();
  CHECK(restricted == 1);
}
