#include <csignal>
#include <cstdio>
#include <cstdlib>

#include <doctest/doctest.h>

#include <weft/io/run.hpp>
#include <weft/runtime/cancel.hpp>
#include <weft/runtime/sleep.hpp>

#include "support/main_child.hpp"

using namespace std::chrono_literals;

namespace weft::testing {

namespace {

void interrupt_handler_of_the_program(int) {}

}  // namespace

TEST_CASE("child: is interrupted" * doctest::skip()) {
  end_as_main([]() -> result<void> {
    std::raise(SIGINT);
    const auto slept = sleep_for(1h);
    std::printf("ended with: %s\n", slept.error().message().c_str());
    std::printf("because: %s\n", why_canceled()->reason);
    const auto again = sleep_for(1h);
    return again;
  });
}

TEST_CASE("child: is terminated" * doctest::skip()) {
  end_as_main([]() -> result<void> {
    std::raise(SIGTERM);
    return sleep_for(1h);
  });
}

TEST_CASE("child: fails after it was interrupted" * doctest::skip()) {
  end_as_main([]() -> result<void> {
    std::raise(SIGINT);
    (void)sleep_for(1h);
    return fail(std::make_error_code(std::errc::no_space_on_device));
  });
}

TEST_CASE("child: is interrupted twice" * doctest::skip()) {
  end_as_main([]() -> result<void> {
    std::raise(SIGINT);
    (void)sleep_for(1h);
    const shield stubborn;
    std::raise(SIGINT);
    return sleep_for(1h);
  });
}

TEST_CASE("child: puts the handlers back" * doctest::skip()) {
  become_plain_program();
  std::signal(SIGINT, &interrupt_handler_of_the_program);
  const int code = run_main([] { return 3; });
  const bool is_back = std::signal(SIGINT, SIG_DFL) == &interrupt_handler_of_the_program;
  std::_Exit(is_back ? code : EXIT_FAILURE);
}

TEST_CASE("Ctrl-C cancels run_main()'s function, which is no failure") {
  const child_outcome ended = run_child("child: is interrupted");
  CHECK_MESSAGE(ended.exited_with(EXIT_SUCCESS), ended.output);
  CHECK_MESSAGE(ended.says("ended with: operation canceled"), ended.output);
  CHECK_MESSAGE(ended.says("because: interrupted by a signal"), ended.output);
  CHECK_MESSAGE(!ended.says("error:"), ended.output);
  check_ends("child: is terminated", EXIT_SUCCESS, "");
}

TEST_CASE("a failure after Ctrl-C is a failure") {
  check_ends("child: fails after it was interrupted", EXIT_FAILURE, "error: No space left");
}

TEST_CASE("a second Ctrl-C ends the process") {
  const child_outcome ended = run_child("child: is interrupted twice");
  CHECK_MESSAGE(ended.was_killed_by(SIGINT), ended.output);
}

TEST_CASE("run_main() puts the program's signal handlers back") {
  check_ends("child: puts the handlers back", 3, "");
}

}  // namespace weft::testing
