#include <atomic>
#include <chrono>
#include <limits>

#include <doctest/doctest.h>
#include <support/test_runtime.hpp>
#include <support/waiting_forms.hpp>

#include <weft/runtime/boot_clock.hpp>
#include <weft/runtime/cancel.hpp>
#include <weft/runtime/spawn.hpp>
#include <weft/runtime/wall_clock.hpp>

using namespace std::chrono_literals;
using weft::wall_clock;
using weft::wall_time;
using namespace weft::testing;

namespace {

/// Shows what it is told to.
struct set_clock {
  using duration = std::chrono::milliseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<set_clock>;

  static inline std::atomic<rep> shown{0};
  static inline std::atomic<int> looks{0};

  static time_point now() noexcept {
    ++looks;
    return time_point(duration(shown.load()));
  }
};

/// How often someone looks at the clock is all that tells that he waits.
void until_looked_at() {
  const int before = set_clock::looks.load();
  wait_until_true([&] { return set_clock::looks.load() > before; });
}

}  // namespace

TEST_CASE("[row 72] a sleep until a time of day ends when it has come, by a fiber and a thread") {
  test_runtime r({.workers = 2, .background = true});
  for (const actor_kind kind : {actor_kind::fiber, actor_kind::thread}) {
    actor(kind, *r, [] {
      const auto end = wall_clock::now() + 5ms;
      CHECK(weft::sleep_until(end).has_value());
      CHECK(wall_clock::now() >= end);
      CHECK(weft::sleep_until(wall_clock::now() - 1h).has_value());
      CHECK(weft::sleep_until(wall_time::min()).has_value());
      weft::timeout_scope limit(2ms);
      CHECK(error_of(weft::sleep_until(wall_time::max())) == weft::errc::timed_out);
    });
  }
}

TEST_CASE("[row 72] a sleep by a clock that is set follows the clock") {
  set_clock::shown = 0;
  test_runtime r({.workers = 1, .background = true});
  auto sleeper = r->spawn([] { return weft::sleep_until(set_clock::time_point(1h)); });
  until_looked_at();
  set_clock::shown = std::chrono::milliseconds(59min).count();
  until_looked_at();
  CHECK_FALSE(sleeper.finished());
  set_clock::shown = std::chrono::milliseconds(2h).count();  // forward, across the time
  CHECK(sleeper.join().has_value());

  sleeper = r->spawn([] { return weft::sleep_until(set_clock::time_point(2h + 1ms)); });
  until_looked_at();
  set_clock::shown = 0;  // back, shortly before the end
  until_looked_at();
  until_looked_at();
  CHECK_FALSE(sleeper.finished());
  set_clock::shown = std::chrono::milliseconds(3h).count();
  CHECK(sleeper.join().has_value());
}

TEST_CASE("[row 72] a sleep by another clock is cancelled") {
  in_fiber([] {
    auto sleeper = weft::spawn([] { return weft::sleep_until(wall_clock::now() + 1h); });
    sleeper.cancel();
    CHECK(error_of(sleeper.join()) == weft::errc::operation_canceled);
  });
}

TEST_CASE("[row 72] the clock that goes on while the machine sleeps never goes back") {
  in_fiber([] {
    const auto start = weft::boot_clock::now();
    CHECK(start.time_since_epoch() > 0s);
    CHECK(weft::sleep_until(start + 3ms).has_value());
    CHECK(weft::boot_clock::now() >= start + 3ms);
  });
}
