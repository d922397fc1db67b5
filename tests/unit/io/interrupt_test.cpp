#include <cstdio>
#include <cstdlib>
#include <utility>

#include <doctest/doctest.h>
#include <interrupt.hpp>

#include <weft/io/run.hpp>
#include <weft/runtime/cancel.hpp>
#include <weft/runtime/sleep.hpp>

#include "support/main_child.hpp"

using namespace std::chrono_literals;

namespace weft::testing {

namespace {

template <class F>
[[noreturn]] void end_as_interrupted_main(F f) {
  hear_interrupts_alone();
  end_as_main(std::move(f));
}

/// `check(ended)` for a runtime of one worker, whose poll hears of signals, and for one of several,
/// beside which a thread does.
template <class Check>
void ends_on_one_and_several(const char* child, Check check) {
  for (const char* workers : {"1", "2"}) {
    CAPTURE(workers);
    const child_outcome ended = run_child(child, {{"WEFT_WORKERS", workers}});
    INFO(ended.output);
    check(ended);
  }
}

}  // namespace

TEST_CASE("child: is interrupted" * doctest::skip()) {
  end_as_interrupted_main([]() -> result<void> {
    interrupt_this_process();
    const auto slept = sleep_for(1h);
    std::printf("ended with: %s\n", slept.error().message().c_str());
    std::printf("because: %s\n", why_canceled()->reason);
    const auto again = sleep_for(1h);
    return again;
  });
}

TEST_CASE("child: fails after it was interrupted" * doctest::skip()) {
  end_as_interrupted_main([]() -> result<void> {
    interrupt_this_process();
    (void)sleep_for(1h);
    return fail(std::make_error_code(std::errc::no_space_on_device));
  });
}

TEST_CASE("child: is interrupted twice" * doctest::skip()) {
  end_as_interrupted_main([]() -> result<void> {
    interrupt_this_process();
    (void)sleep_for(1h);
    const shield stubborn;
    std::puts("insists");
    std::fflush(stdout);
    interrupt_this_process();
    auto slept = sleep_for(1h);
    std::puts("goes on");
    return slept;
  });
}

TEST_CASE("Ctrl-C cancels run_main()'s function, which is no failure") {
  ends_on_one_and_several("child: is interrupted", [](const child_outcome& ended) {
    CHECK(ended.exited_with(EXIT_SUCCESS));
    CHECK(ended.says("ended with: operation canceled"));
    CHECK(ended.says("because: interrupted by a signal"));
    CHECK(!ended.says("error:"));
  });
}

TEST_CASE("a failure after Ctrl-C is a failure") {
  check_ends("child: fails after it was interrupted", EXIT_FAILURE, "error: No space left");
}

TEST_CASE("a second Ctrl-C ends the process") {
  ends_on_one_and_several("child: is interrupted twice", [](const child_outcome& ended) {
    CHECK(was_interrupted(ended));
    CHECK(ended.says("insists\n"));
    CHECK(!ended.says("goes on"));
  });
}

}  // namespace weft::testing
