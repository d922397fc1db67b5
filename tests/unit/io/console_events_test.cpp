#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <initializer_list>
#include <utility>

#include <doctest/doctest.h>
#include <interrupt.hpp>

#include <weft/io/run.hpp>
#include <weft/io/signal_listener.hpp>

#include "support/io_fixture.hpp"
#include "support/main_child.hpp"

/// Signals on Windows, which are a console's events. Each test has a console of its own, and so is
/// a child.
namespace weft::testing {

namespace {

constexpr auto would_block = std::errc::operation_would_block;

signal_listener listening(std::initializer_list<int> signals) {
  return or_throw(signal_listener::open(signals));
}

template <class F>
[[noreturn]] void end_on_own_console(F f) {
  hear_interrupts_alone();
  end_as_main(std::move(f));
}

}  // namespace

TEST_CASE("child: listens for Ctrl-C" * doctest::skip()) {
  end_on_own_console([]() -> result<void> {
    auto first = listening({SIGINT});
    auto second = listening({SIGINT, SIGBREAK, SIGTERM});
    auto other = listening({SIGBREAK});
    for (int i = 0; i < 3; ++i) {
      interrupt_this_process();
      if (or_throw(first.wait_for(promptly)) != SIGINT ||
          or_throw(second.wait_for(promptly)) != SIGINT ||
          other.try_wait().error() != would_block) {
        return fail(errc::closed);
      }
    }
    return check_cancel();
  });
}

TEST_CASE("child: listens for Ctrl-C no longer" * doctest::skip()) {
  end_on_own_console([]() -> result<void> {
    {
      auto signals = listening({SIGINT});
      interrupt_this_process();
      (void)or_throw(signals.wait_for(promptly));
      or_throw(check_cancel());
      std::puts("heard it");
    }
    interrupt_this_process();
    const auto slept = sleep_for(1h);
    std::puts("ended in order");
    return slept;
  });
}

TEST_CASE("[row 124] every listener for Ctrl-C hears it, each time, and no other does") {
  check_ends("child: listens for Ctrl-C", EXIT_SUCCESS, "");
}

TEST_CASE("[row 124] run_main() leaves Ctrl-C to who listens for it, and has it back afterwards") {
  check_ends("child: listens for Ctrl-C no longer", EXIT_SUCCESS, "heard it\nended in order");
}

TEST_CASE("[row 124] what is no event of a console cannot be listened for") {
  for (const int signal : {SIGSEGV, SIGFPE, SIGILL, SIGABRT, 0, -1, 128, 70000}) {
    CAPTURE(signal);
    CHECK(error_of(signal_listener::open({SIGINT, signal})) == std::errc::invalid_argument);
  }
  CHECK(error_of(signal_listener::open({})) == std::errc::invalid_argument);
}

TEST_CASE("[row 124] a wait for an event times out and is cancelled") {
  in_io([] {
    auto signals = listening({SIGINT, SIGBREAK, SIGTERM});
    CHECK(error_of(signals.try_wait()) == would_block);
    CHECK(error_of(signals.wait_for(1ms)) == errc::timed_out);
    auto waiter = spawn([&] { return error_of(signals.wait()); });
    (void)sleep_for(settle_time);
    waiter.cancel();
    CHECK(or_throw(waiter.join()) == errc::operation_canceled);
  });
}

}  // namespace weft::testing
