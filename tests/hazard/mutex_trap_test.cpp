#include <chrono>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <thread>

#include <doctest/doctest.h>
#include <support/child.hpp>
#include <support/test_runtime.hpp>

#include <weft/runtime/sleep.hpp>
#include <weft/runtime/spawn.hpp>
#include <weft/runtime/yield.hpp>

/// A fiber that waits with a lock of its thread's ends the program with a report that names both.
using namespace std::chrono_literals;
using namespace weft::testing;

namespace {

void check_trapped(const char* child, const char* kind) {
  const auto end = run_child(child);
  INFO(end.output);
  CHECK(end.was_killed_by(SIGABRT));
  CHECK(end.says("\"keeper\", spawned at "));
  CHECK(end.says("mutex_trap_test.cpp:"));
  CHECK(end.says((std::string(" suspends while it holds a ") + kind + " (0x").c_str()));
  CHECK(end.says(") that it locked at "));
}

template <class F>
void as_keeper(F f) {
  become_plain_program();
  in_fiber([&] { (void)weft::spawn({.name = "keeper"}, f).join(); });
}

}  // namespace

TEST_CASE("child: sleeps with a std::mutex" * doctest::skip()) {
  as_keeper([] {
    std::mutex m;
    const std::lock_guard hold(m);
    (void)weft::sleep_for(1ms);
  });
}
TEST_CASE("a std::mutex held across a wait is trapped") {
  check_trapped("child: sleeps with a std::mutex", "pthread mutex");
}

TEST_CASE("child: yields with a std::mutex" * doctest::skip()) {
  as_keeper([] {
    std::mutex m;
    const std::unique_lock hold(m, std::try_to_lock);
    weft::yield();
  });
}
TEST_CASE("a std::mutex held across a yield is trapped") {
  check_trapped("child: yields with a std::mutex", "pthread mutex");
}

TEST_CASE("child: sleeps with a std::shared_mutex" * doctest::skip()) {
  as_keeper([] {
    std::shared_mutex m;
    const std::shared_lock hold(m);
    (void)weft::sleep_for(1ms);
  });
}
TEST_CASE("a std::shared_mutex held across a wait is trapped") {
  check_trapped("child: sleeps with a std::shared_mutex", "pthread rwlock");
}

TEST_CASE("what is unlocked before the wait is not trapped, nor is what the thread holds") {
  std::mutex outer;
  const std::lock_guard around(outer);
  in_fiber([] {
    std::mutex m;
    std::recursive_mutex again;
    {
      const std::lock_guard one(m);
      const std::lock_guard two(again);
      const std::lock_guard three(again);
    }
    (void)weft::sleep_for(1ms);
    {
      std::unique_lock hold(m);
      std::condition_variable never;
      (void)never.wait_for(hold, 1ms);
    }
    weft::yield();
  });
}
