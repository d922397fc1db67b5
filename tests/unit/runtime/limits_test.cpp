#include <doctest/doctest.h>
#include <support/test_runtime.hpp>
#include <this_process.hpp>

#include <weft/runtime/runtime.hpp>

/// What the system grants to a process.
using weft::testing::test_runtime;

TEST_CASE("[row 14] without a number there are as many workers as processors may be used") {
  test_runtime r{weft::runtime_options{}};
  CHECK(r->workers() >= 1);
  CHECK(r->workers() <= weft::testing::allowed_processors());
  CHECK(r->statistics().workers == r->workers());
}

TEST_CASE("[row 14] a program that is confined to one processor has one worker") {
  const weft::testing::on_one_processor confined;
  test_runtime r{weft::runtime_options{}};
  CHECK(r->workers() == 1);
}
