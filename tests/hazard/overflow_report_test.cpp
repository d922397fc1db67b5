#include <csignal>
#include <cstddef>
#include <string>

#include <doctest/doctest.h>
#include <support/child.hpp>
#include <support/test_runtime.hpp>

#include <weft/runtime/sleep.hpp>
#include <weft/runtime/spawn.hpp>
#include <weft/runtime/yield.hpp>

/// A fiber that runs off its stack ends the program with a report that names it: tried on every
/// kind of thread that runs fibers, in a process of its own each time.
using namespace std::chrono_literals;
using weft::testing::become_plain_program;
using weft::testing::run_child;

namespace {

volatile int deepest = 10'000'000;
volatile int sink = 0;

// NOLINTNEXTLINE(misc-no-recursion): it is the point
[[gnu::noinline]] void dig(int depth) {
  volatile unsigned char frame[200];
  frame[0] = static_cast<unsigned char>(depth);
  if (depth < deepest) {
    dig(depth + 1);
  }
  sink = frame[0];
}

/// One frame that is larger than the guard, entered from its far end by a call.
[[gnu::noinline]] void leap() {
  volatile unsigned char frame[40 * 1024];
  frame[sizeof frame - 1] = 1;
  dig(0);
  sink = frame[sizeof frame - 1];
}

constexpr unsigned digger_line = __LINE__ + 2;
auto spawn_digger(std::size_t size) {
  return weft::spawn({.name = "digger", .stack_size = size}, [] { dig(0); });
}

void check_report(const char* child, const std::string& sentence) {
  const auto end = run_child(child);
  INFO(end.output);
  CHECK(end.was_killed_by(SIGABRT));
  CHECK(end.says(sentence.c_str()));
}

}  // namespace

TEST_CASE("child: overflow on the thread that called run()" * doctest::skip()) {
  become_plain_program();
  weft::runtime r({.workers = 1});
  r.run([] { (void)spawn_digger(128 * 1024).join(); });
}

TEST_CASE("child: overflow on a background worker" * doctest::skip()) {
  become_plain_program();
  weft::runtime r({.workers = 4, .background = true});
  r.run([] { (void)spawn_digger(0).join(); });
}

TEST_CASE("child: overflow after suspensions and of a fiber without a name" * doctest::skip()) {
  become_plain_program();
  weft::runtime r({.workers = 2});
  r.run([] {
    auto h = weft::spawn([] {
      for (int i = 0; i < 100; ++i) {
        weft::yield();
        (void)weft::sleep_for(10us);
      }
      leap();
    });
    (void)h.join();
  });
}

TEST_CASE("[row 23] an overflow names the fiber, its stack's size and its spawn site") {
  const std::string site =
      "overflow_report_test.cpp:" + std::to_string(digger_line) + " (give it more with";
  check_report("child: overflow on the thread that called run()",
               "\"digger\" overflowed its 128 KiB stack; spawned at ");
  check_report("child: overflow on the thread that called run()", site);
  check_report("child: overflow on a background worker",
               "\"digger\" overflowed its 256 KiB stack; spawned at ");
  check_report("child: overflow on a background worker", site);
}

TEST_CASE("[row 23] a fiber without a name is reported by its number, also after migrations") {
  check_report("child: overflow after suspensions and of a fiber without a name",
               " overflowed its 256 KiB stack; spawned at ");
}
