#pragma once

#include <cstdlib>
#include <string>

#include <doctest/doctest.h>
#include <explore/explore.hpp>

#include <weft/runtime/config.hpp>

/// Programs as doctest cases.
namespace weft::explore {

/// Checks that no schedule of the program fails. From the environment: WEFT_EXPLORE_BOUND, another
/// preemption bound, WEFT_EXPLORE_RUNS, that many random schedules, and WEFT_EXPLORE_SEED, the one
/// schedule to run.
inline void holds(const program& body, options how = {}) {
#if WEFT_ASAN
  how.preemptions = how.preemptions > 1 ? how.preemptions - 1 : how.preemptions;
#endif
  if (const char* bound = std::getenv("WEFT_EXPLORE_BOUND")) {
    how.preemptions = std::atoi(bound);
    how.most_runs = ~std::uint64_t{0};
  }
  if (const char* runs = std::getenv("WEFT_EXPLORE_RUNS")) {
    how.random_runs = static_cast<std::uint64_t>(std::atoll(runs));
  }
  const char* const seed = std::getenv("WEFT_EXPLORE_SEED");
  const report done = seed ? replay(body, seed, how) : explore(body, how);
  if (done.found) {
    FAIL_CHECK("WEFT_EXPLORE_SEED=" << done.found->seed << ": " << done.found->what
                                    << done.found->trace);
  }
  if (!seed) {
    CHECK(done.complete);
    if (std::getenv("WEFT_EXPLORE_VERBOSE")) {
      MESSAGE(done.runs << " runs, " << done.cut_short << " cut short");
    }
  }
}

/// Checks that the explorer finds the program's bug, and that the seed it names shows it again.
inline void is_caught(const program& body, const std::string& what, const options& how = {}) {
  const report done = explore(body, how);
  REQUIRE(done.found);
  CAPTURE(done.found->trace);
  CHECK(done.found->what.find(what) != std::string::npos);
  INFO("seed ", done.found->seed, ", found after ", done.runs, " runs: ", done.found->what);
  for (int i = 0; i < 2; ++i) {
    const report again = replay(body, done.found->seed, how);
    REQUIRE(again.found);
    CHECK(again.found->what == done.found->what);
    CHECK(again.found->trace == done.found->trace);
  }
}

}  // namespace weft::explore
