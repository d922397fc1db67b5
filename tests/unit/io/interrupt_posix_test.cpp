#include <csignal>
#include <cstdlib>

#include <doctest/doctest.h>

#include <weft/io/run.hpp>
#include <weft/runtime/sleep.hpp>

#include "support/main_child.hpp"

using namespace std::chrono_literals;

namespace weft::testing {

namespace {

void interrupt_handler_of_the_program(int) {}

}  // namespace

TEST_CASE("child: is terminated" * doctest::skip()) {
  end_as_main([]() -> result<void> {
    std::raise(SIGTERM);
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

TEST_CASE("a request to end is as good as Ctrl-C") {
  check_ends("child: is terminated", EXIT_SUCCESS, "");
}

TEST_CASE("run_main() puts the program's signal handlers back") {
  check_ends("child: puts the handlers back", 3, "");
}

}  // namespace weft::testing
