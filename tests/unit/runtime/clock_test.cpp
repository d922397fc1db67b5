#include <doctest/doctest.h>

#include <weft/runtime/clock.hpp>

using namespace std::chrono_literals;
using weft::deadline_after;

TEST_CASE("deadline_after() is that much later") {
  const auto before = weft::clock::now();
  const auto deadline = deadline_after(1s);
  CHECK(deadline >= before + 1s);
  CHECK(deadline <= weft::clock::now() + 1s);
}

TEST_CASE("a wait that overflows lasts for ever") {
  CHECK(deadline_after(weft::duration::max()) == weft::forever);
  CHECK(deadline_after(weft::duration::max() - 1ns) == weft::forever);
}

TEST_CASE("a negative wait is a deadline in the past") {
  const auto past = deadline_after(-1ns);
  CHECK(past < weft::clock::now());
  CHECK(deadline_after(weft::duration::min()) < weft::clock::now());
}
