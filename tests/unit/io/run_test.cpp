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

#include "support/io_fixture.hpp"
#include "support/main_child.hpp"

namespace weft::testing {

namespace {

result<void> open_the_gate() {
  const auto error = std::make_error_code(std::errc::device_or_resource_busy);
  weft::detail::note_error(error, "the gate: it is stuck (oil it)");
  return fail(error);
}

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

TEST_CASE("a cancellation without Ctrl-C is a failure") {
  check_ends("child: fails with a cancellation of its own", EXIT_FAILURE,
             "error: no more of this, by fiber ");
}

TEST_CASE("the last line of a program tells which time-out ended its fiber") {
  check_ends("child: a fiber runs out of time", EXIT_FAILURE,
             "error: the timeout_scope's deadline passed (1ms, made at ");
}

}  // namespace weft::testing
