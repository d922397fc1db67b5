#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include <doctest/doctest.h>

#include <weft/io/run.hpp>
#include <weft/runtime/explain.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/spawn.hpp>

#include "support/child.hpp"
#include "support/io_fixture.hpp"

namespace weft::testing {

namespace {

/// Ends a child as a program whose main() consists of run_main(f).
template <class F>
[[noreturn]] void end_as_main(F f) {
  become_plain_program();
  const int code = run_main(std::move(f));
  std::fflush(stdout);
  std::_Exit(code);
}

result<void> open_the_gate() {
  const auto error = std::make_error_code(std::errc::device_or_resource_busy);
  weft::detail::note_error(error, "the gate: it is stuck (oil it)");
  return fail(error);
}

void check_ends(const char* test_case, int code, const char* output) {
  const child_outcome ended = run_child(test_case);
  CHECK_MESSAGE(ended.exited_with(code), ended.output);
  CHECK_MESSAGE(ended.says(output), ended.output);
}

void interrupt_handler_of_the_program(int) {}

}  // namespace

TEST_CASE("run() returns what its function returned") {
  CHECK(weft::run([] { return 7; }) == 7);
  CHECK(weft::run([] { return std::string("text"); }) == "text");
  CHECK(*weft::run([] { return std::make_unique<int>(3); }) == 3);
  weft::run([] {});
  const result<int> value = weft::run([]() -> result<int> { return 5; });
  CHECK(value == 5);
  const result<void> error = weft::run([]() -> result<void> { return fail(errc::closed); });
  CHECK(error_of(error) == errc::closed);
}

TEST_CASE("run() rethrows what its function threw") {
  CHECK_THROWS_AS(weft::run([] { throw std::logic_error("inside"); }), std::logic_error);
}

TEST_CASE("run() takes as many workers, and the backend, that it is told to") {
  for (const setting& where : settings({1, 3})) {
    weft::run(
        [&] {
          CHECK(runtime::current()->workers() == where.workers);
          CHECK(io::current_backend() == where.backend);
        },
        where.options());
  }
}

TEST_CASE("run() cancels the fibers that are left when its function returns [row 20]") {
  std::error_code end;
  weft::run([&] {
    spawn([&] { end = error_of(sleep_for(1h)); }).detach();
    (void)sleep_for(settle_time);
  });
  CHECK(end == errc::operation_canceled);
}

TEST_CASE("runtimes follow one another and live side by side [row 12]") {
  const int before = open_descriptors();
  for (int i = 0; i < 3; ++i) {
    weft::run([] { CHECK(sleep_for(100us)); });
  }
  runtime other(or_throw(io::with_io({.workers = 1, .background = true})));
  weft::run([&] { CHECK(other.spawn([] { return 4; }).join() == 4); });
  other.shutdown();
  CHECK(open_descriptors() > before);
}

TEST_CASE("child: returns a number" * doctest::skip()) {
  end_as_main([] { return 42; });
}

TEST_CASE("child: returns nothing" * doctest::skip()) {
  end_as_main([] { std::puts("done"); });
}

TEST_CASE("child: fails" * doctest::skip()) {
  end_as_main([]() -> result<void> { return open_the_gate(); });
}

TEST_CASE("child: throws" * doctest::skip()) {
  end_as_main([] { throw std::runtime_error("the sky is falling"); });
}

TEST_CASE("child: throws a system_error" * doctest::skip()) {
  end_as_main([] { or_throw(open_the_gate()); });
}

TEST_CASE("run_main() makes an exit code of what its function returned") {
  check_ends("child: returns a number", 42, "");
  check_ends("child: returns nothing", EXIT_SUCCESS, "done");
}

TEST_CASE("run_main() prints why the program failed") {
  check_ends("child: fails", EXIT_FAILURE, "error: the gate: it is stuck (oil it)");
  check_ends("child: throws", EXIT_FAILURE, "error: the sky is falling");
  check_ends("child: throws a system_error", EXIT_FAILURE, "error: the gate: it is stuck (oil it)");
}

TEST_CASE("child: is interrupted" * doctest::skip()) {
  end_as_main([]() -> result<void> {
    std::raise(SIGINT);
    const auto slept = sleep_for(1h);
    std::printf("ended with: %s\n", error_of(slept).message().c_str());
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

TEST_CASE("child: fails with a cancellation of its own" * doctest::skip()) {
  end_as_main([]() -> result<void> {
    cancel_scope inner;
    inner.cancel("no more of this");
    return sleep_for(1h);
  });
}

TEST_CASE("child: a fiber runs out of time" * doctest::skip()) {
  end_as_main([]() -> result<void> {
    auto slow = spawn([]() -> result<void> {
      const timeout_scope limit{1ms};
      return sleep_for(1h);
    });
    return slow.join();
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

TEST_CASE("a failure after Ctrl-C, and a cancellation without, are failures") {
  check_ends("child: fails after it was interrupted", EXIT_FAILURE, "error: No space left");
  check_ends("child: fails with a cancellation of its own", EXIT_FAILURE,
             "error: no more of this, by fiber ");
}

TEST_CASE("the last line of a program tells which time-out ended its fiber") {
  check_ends("child: a fiber runs out of time", EXIT_FAILURE,
             "error: the timeout_scope's deadline passed (1ms, made at ");
}

TEST_CASE("a second Ctrl-C ends the process") {
  const child_outcome ended = run_child("child: is interrupted twice");
  CHECK_MESSAGE(ended.was_killed_by(SIGINT), ended.output);
}

TEST_CASE("run_main() puts the program's signal handlers back") {
  check_ends("child: puts the handlers back", 3, "");
}

}  // namespace weft::testing
