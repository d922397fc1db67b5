#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <thread>
#include <utility>

#include <doctest/doctest.h>

#include <weft/io/run.hpp>
#include <weft/io/signal_listener.hpp>
#include <weft/runtime/cancel.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/spawn.hpp>
#include <weft/runtime/stopwatch.hpp>
#include <weft/runtime/yield.hpp>

#include "support/child.hpp"

/// Ctrl-C where one worker is all there is: its poll hears of it, and whoever asks.
namespace weft::testing {

namespace {

using namespace std::chrono_literals;

/// run_main(f) as the whole of a program, which says how f ended.
template <class F>
[[noreturn]] void end_as_one_worker(F f) {
  become_plain_program();
  const int code = run_main(
      [&]() -> result<void> {
        result<void> ended = f();
        const auto cause = why_canceled();
        std::printf("because: %s\n", cause ? cause->reason : "nobody said so");
        CHECK((!cause || cause->canceled_by == 0));  // not by who asked
        return ended;
      },
      {.workers = 1});
  std::fflush(stdout);
  std::_Exit(code);
}

int count_threads() {
  const std::filesystem::directory_iterator threads("/proc/self/task");
  return static_cast<int>(std::distance(begin(threads), end(threads)));
}

void check_is_interrupted(const char* child) {
  const child_outcome ended = run_child(child);
  INFO(ended.output);
  CHECK(ended.exited_with(EXIT_SUCCESS));
  CHECK(ended.says("because: interrupted by a signal"));
}

}  // namespace

TEST_CASE("child: computes and asks whether to go on" * doctest::skip()) {
  end_as_one_worker([]() -> result<void> {
    std::raise(SIGINT);
    while (check_cancel()) {
    }
    return check_cancel();
  });
}

TEST_CASE("child: computes and asks a scope of its own" * doctest::skip()) {
  end_as_one_worker([]() -> result<void> {
    const cancel_scope inner;
    std::raise(SIGINT);
    while (!inner.is_canceled()) {
    }
    return check_cancel();
  });
}

TEST_CASE("child: computes and asks why" * doctest::skip()) {
  end_as_one_worker([]() -> result<void> {
    std::raise(SIGINT);
    while (!why_canceled()) {
    }
    return check_cancel();
  });
}

TEST_CASE("child: never waits but yields" * doctest::skip()) {
  end_as_one_worker([]() -> result<void> {
    auto sleeper = spawn([] { return sleep_for(1h); });
    std::raise(SIGINT);
    result<void> slept;
    do {
      yield();
      slept = sleep_for(0s);
    } while (slept);
    sleeper.cancel();
    (void)sleeper.join();
    return slept;
  });
}

TEST_CASE("child: is interrupted on another thread" * doctest::skip()) {
  end_as_one_worker([]() -> result<void> {
    std::atomic<bool> sleeps{false};
    std::thread other([&] {
      while (!sleeps.load()) {
        std::this_thread::yield();
      }
      std::raise(SIGINT);  // this thread's own handler
    });
    sleeps.store(true);
    const result<void> slept = sleep_for(1h);
    other.join();
    return slept;
  });
}

TEST_CASE("child: is interrupted just before others listen" * doctest::skip()) {
  end_as_one_worker([]() -> result<void> {
    std::raise(SIGINT);
    std::thread([] {  // no fiber's: from here on a thread hears
      const auto other = signal_listener::open({SIGUSR1});
      CHECK(other.has_value());
    })
        .join();
    return sleep_for(1h);
  });
}

TEST_CASE("child: is interrupted after others have listened" * doctest::skip()) {
  end_as_one_worker([]() -> result<void> {
    {
      auto other = or_throw(signal_listener::open({SIGUSR1}));
      std::raise(SIGUSR1);
      std::printf("heard: %d\n", other.wait() == SIGUSR1);
    }
    std::raise(SIGINT);
    return sleep_for(1h);
  });
}

TEST_CASE("a fiber that computes hears of Ctrl-C when it asks") {
  check_is_interrupted("child: computes and asks whether to go on");
  check_is_interrupted("child: computes and asks a scope of its own");
  check_is_interrupted("child: computes and asks why");
}

TEST_CASE("fibers that never let the worker sleep hear of Ctrl-C") {
  check_is_interrupted("child: never waits but yields");
}

TEST_CASE("Ctrl-C wakes the worker, whichever thread the system has picked to handle it") {
  check_is_interrupted("child: is interrupted on another thread");
}

TEST_CASE("Ctrl-C is not lost to listeners that come and go") {
  check_is_interrupted("child: is interrupted just before others listen");
  check_is_interrupted("child: is interrupted after others have listened");
}

TEST_CASE("child: is told to end by two signals at once" * doctest::skip()) {
  end_as_one_worker([]() -> result<void> {
    std::raise(SIGINT);
    std::raise(SIGTERM);
    std::raise(SIGINT);
    return sleep_for(1h);
  });
}

TEST_CASE("signals that come at once are one, as supervisors send them") {
  check_is_interrupted("child: is told to end by two signals at once");
}

TEST_CASE("child: computes and is interrupted twice" * doctest::skip()) {
  end_as_one_worker([]() -> result<void> {
    std::raise(SIGINT);
    std::puts("deaf");
    std::fflush(stdout);
    const stopwatch since;
    while (since.elapsed() < 400ms) {
    }
    std::raise(SIGTERM);
    std::puts("goes on");
    return {};
  });
}

TEST_CASE("a later signal ends a program whose only worker never gets to hear the first") {
  const child_outcome ended = run_child("child: computes and is interrupted twice");
  INFO(ended.output);
  CHECK(ended.was_killed_by(SIGTERM));
  CHECK(ended.says("deaf\n"));
  CHECK(!ended.says("goes on"));
}

TEST_CASE("child: computes, interrupted twice where that was ignored, and then listens" *
          doctest::skip()) {
  become_plain_program();
  std::signal(SIGINT, SIG_IGN);  // as a shell has it for programs in the background
  const int code = run_main(
      []() -> result<void> {
        std::raise(SIGINT);
        const stopwatch since;
        while (since.elapsed() < 400ms) {
        }
        std::raise(SIGINT);
        const shield on_its_way_out;
        auto signals = or_throw(signal_listener::open({SIGINT}));
        for (int i = 0; i < 3; ++i) {  // more than what came before could explain
          std::raise(SIGINT);
          if (auto heard = signals.wait_for(10s); !heard) {
            return fail(heard.error());
          }
        }
        return {};
      },
      {.workers = 1});
  std::_Exit(code);
}

TEST_CASE("a listener hears what came in vain before it") {
  const child_outcome ended =
      run_child("child: computes, interrupted twice where that was ignored, and then listens");
  INFO(ended.output);
  CHECK(ended.exited_with(EXIT_SUCCESS));
}

TEST_CASE("child: counts the threads that Ctrl-C needs" * doctest::skip()) {
  become_plain_program();
  const int without = run(count_threads, {.workers = 1});
  const int with = run_main(count_threads, {.workers = 1});
  std::_Exit(with - without);
}

TEST_CASE("a program of one worker has no thread for Ctrl-C") {
  CHECK(run_child("child: counts the threads that Ctrl-C needs").exited_with(0));
}

}  // namespace weft::testing
