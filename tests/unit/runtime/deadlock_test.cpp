#include <atomic>
#include <chrono>
#include <string>
#include <thread>

#include <doctest/doctest.h>
#include <support/test_runtime.hpp>

#include <weft/runtime/cancel.hpp>
#include <weft/runtime/deadlock.hpp>
#include <weft/runtime/detail/holds.hpp>
#include <weft/runtime/detail/parker.hpp>
#include <weft/runtime/runtime.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/spawn.hpp>
#include <weft/runtime/yield.hpp>

using namespace std::chrono_literals;
using namespace weft::testing;
using weft::deadlock_report;
using weft::deadlock_watch;
using verdict = weft::deadlock_report::verdict;
namespace detail = weft::detail;

namespace {

bool says(const deadlock_report& report, const char* words) {
  return report.text.find(words) != std::string::npos;
}

/// Looks until it has found that; the test's watchdog ends it if it never does.
deadlock_report look_until(verdict found, const char* words) {
  for (;;) {
    deadlock_report report = weft::find_deadlocks();
    if (report.found == found && says(report, words)) {
      return report;
    }
    std::this_thread::sleep_for(1ms);
  }
}

weft::runtime_options watching() {
  return {.workers = 2, .background = true, .deadlocks = deadlock_watch::report};
}

/// Has `mine`, and waits for `wanted` until it is cancelled, if it can be.
void hold_and_wait(int& mine, int& wanted, detail::cancelable can) {
  detail::note_hold(&mine, detail::hold_kind::exclusive);
  if (auto begun = detail::begin_wait(can)) {
    (void)detail::park(*begun, weft::forever, {"a thing", &wanted});
  }
  detail::forget_hold(&mine, detail::hold_kind::exclusive);
}

}  // namespace

TEST_CASE("without a runtime that watches, a report says so") {
  const deadlock_report report = weft::find_deadlocks();
  CHECK(report.found == verdict::none);
  CHECK(says(report, "no runtime watches"));
}

TEST_CASE("[row B3] a circle that a cancellation can end is possibly a deadlock") {
  test_runtime r(watching());
  int a = 0;
  int b = 0;
  auto one = r->spawn({.name = "one"}, [&] { hold_and_wait(a, b, detail::cancelable::yes); });
  auto other = r->spawn({.name = "other"}, [&] { hold_and_wait(b, a, detail::cancelable::yes); });
  const auto report = look_until(verdict::possible, "2 wait for each other, and only a canc");
  CHECK(says(report, "weft: possible deadlock: "));
  CHECK(says(report, "\"one\", spawned at "));
  CHECK(says(report, "deadlock_test.cpp:"));
  CHECK(says(report, "held by fiber"));
  one.cancel();
  (void)one.join();
  other.cancel();
  (void)other.join();
  CHECK(weft::find_deadlocks().found == verdict::none);
}

TEST_CASE("[row B3] a report lists every wait, and what could still end one") {
  test_runtime r(watching());
  int thing = 0;
  auto sleeper = r->spawn({.name = "sleeper"}, [] { (void)weft::sleep_for(1h); });
  auto waiter = r->spawn({.name = "waiter"}, [&] {
    if (auto begun = detail::begin_wait(detail::cancelable::yes)) {
      (void)detail::park(*begun, weft::forever, {"a thing", &thing});
    }
  });
  const auto report = look_until(verdict::none, "weft: 2 waits; what could end one: ");
  CHECK(says(report, "\"sleeper\""));
  CHECK(says(report, "waits for sleep, for a limited time\n"));
  CHECK(says(report, "waits for a thing (0x"));
  CHECK(says(report, "1 wait for a limited time"));
  CHECK(says(report, "of which weft knows nothing"));  // the test's watchdog
}

TEST_CASE("who has an end in sight is in no circle") {
  test_runtime r(watching());
  int a = 0;
  int b = 0;
  auto one = r->spawn({.name = "one"}, [&] { hold_and_wait(a, b, detail::cancelable::yes); });
  auto other = r->spawn({.name = "other"}, [&] {
    const weft::timeout_scope limit(1h);
    hold_and_wait(b, a, detail::cancelable::yes);
  });
  look_until(verdict::none, "weft: 2 waits; ");
  CHECK(weft::find_deadlocks().found == verdict::none);
}

TEST_CASE("fibers of a runtime that does not watch are in no report") {
  test_runtime watched(watching());
  test_runtime other({.workers = 1, .background = true, .deadlocks = deadlock_watch::off});
  int thing = 0;
  auto waiter = other->spawn([&] {
    if (auto begun = detail::begin_wait(detail::cancelable::yes)) {
      (void)detail::park(*begun, weft::forever, {"a thing", &thing});
    }
  });
  const deadlock_report report = weft::find_deadlocks();
  CHECK_FALSE(says(report, "a thing"));
  waiter.cancel();
  (void)waiter.join();
}
