#include <chrono>

#include <doctest/doctest.h>

#include <weft/runtime/sleep.hpp>
#include <weft/runtime/stopwatch.hpp>

using namespace std::chrono_literals;
using weft::stopwatch;

TEST_CASE("[row 69] a stopwatch tells the time since it was started") {
  stopwatch watch;
  CHECK(weft::sleep_for(2ms).has_value());
  const auto first = watch.elapsed();
  CHECK(first >= 2ms);
  CHECK(weft::sleep_for(1ms).has_value());
  CHECK(watch.elapsed() >= first + 1ms);
}

TEST_CASE("[row 69] laps add up to the whole") {
  const weft::time_point start = weft::clock::now() - 1h;
  stopwatch watch(start);
  const auto first = watch.lap();
  CHECK(first >= 1h);
  CHECK(weft::sleep_for(1ms).has_value());
  const auto second = watch.lap();
  CHECK(second >= 1ms);
  CHECK(second < first);
  CHECK(watch.elapsed() >= first + second);
  CHECK(watch.started_at() == start);
}

TEST_CASE("[row 69] restarting returns what was measured and begins at zero") {
  stopwatch watch(weft::clock::now() - 1h);
  CHECK(watch.restart() >= 1h);
  CHECK(watch.elapsed() < 1h);
  CHECK(watch.lap() < 1h);
}
