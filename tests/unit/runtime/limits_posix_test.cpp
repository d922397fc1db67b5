#include <csignal>
#include <cstdlib>
#include <system_error>

#include <doctest/doctest.h>
#include <support/child.hpp>
#include <support/patience.hpp>
#include <support/test_runtime.hpp>
#include <sys/resource.h>

#include <weft/runtime/runtime.hpp>
#include <weft/runtime/spawn.hpp>

/// A limit on the address space of a process. Sanitizers need more than the tests leave.
using weft::testing::in_fiber;
using weft::testing::run_child;
using weft::testing::test_runtime;

TEST_CASE("child: more threads than can be had" * doctest::skip()) {
  weft::testing::become_plain_program();
  constexpr rlim_t mebibyte = 1 << 20;
  const rlimit limit{.rlim_cur = 400 * mebibyte, .rlim_max = 400 * mebibyte};
  setrlimit(RLIMIT_AS, &limit);
  CHECK_THROWS_WITH_AS(
      weft::runtime({.workers = 256}),
      "weft: not all workers' threads can be started: Resource temporarily unavailable",
      std::system_error);
  test_runtime r({.workers = 1});
  CHECK(r->run([] { return 1; }) == 1);
}

TEST_CASE("threads that cannot be started make the construction throw" *
          doctest::skip(weft::testing::sanitized)) {
  const auto end = run_child("child: more threads than can be had");
  INFO(end.output);
  CHECK(end.exited_with(0));
}

TEST_CASE("child: a stack larger than the limit on address space" * doctest::skip()) {
  weft::testing::become_plain_program();
  constexpr rlim_t most = rlim_t{256} << 20;
  const rlimit limit{.rlim_cur = most, .rlim_max = most};
  setrlimit(RLIMIT_AS, &limit);
  in_fiber([] { (void)weft::spawn({.stack_size = most}, [] {}).join(); });
}

// An emulator keeps the limit from what it runs.
TEST_CASE("a stack that cannot be had ends the program with a sentence" *
          doctest::skip(weft::testing::sanitized || std::getenv("WEFT_TEST_EMULATOR"))) {
  const auto end = run_child("child: a stack larger than the limit on address space");
  INFO(end.output);
  CHECK(end.was_killed_by(SIGABRT));
  CHECK(end.says("weft: no memory for the stack of fiber "));
  CHECK(end.says("raise the limit on address space"));
}
