#include <array>
#include <atomic>
#include <csignal>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include <doctest/doctest.h>
#include <support/child.hpp>
#include <support/patience.hpp>
#include <support/test_runtime.hpp>
#include <support/this_thread.hpp>

#include <weft/runtime/runtime.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/spawn.hpp>
#include <weft/runtime/yield.hpp>

using namespace std::chrono_literals;
using weft::testing::error_of;
using weft::testing::run_child;
using weft::testing::test_runtime;

TEST_CASE("run() returns what the function returns and rethrows what it throws") {
  test_runtime r;
  CHECK(r->run([] { return 5; }) == 5);
  CHECK(r->run([] { return std::make_unique<int>(6); }) != nullptr);
  r->run([] {});
  weft::result<int> failed =
      r->run([]() -> weft::result<int> { return weft::fail(weft::errc::end_of_stream); });
  CHECK(error_of(failed) == weft::errc::end_of_stream);
  CHECK_THROWS_WITH_AS(r->run([]() -> int { throw std::runtime_error("out"); }), "out",
                       std::runtime_error);
  CHECK(r->run([] { return 7; }) == 7);
}

TEST_CASE("[row 11] the caller of run() is worker 0, and with one worker no thread is started") {
  test_runtime r({.workers = 1});
  const auto caller = weft::testing::this_thread_id();
  r->run([&] {
    CHECK(weft::testing::this_thread_id() == caller);
    CHECK(weft::spawn([] { return weft::testing::this_thread_id(); }).join() == caller);
    CHECK(weft::sleep_for(1ms).has_value());
    CHECK(weft::testing::this_thread_id() == caller);
  });
  std::thread([&] {
    const auto other = weft::testing::this_thread_id();
    r->run([&] { CHECK(weft::testing::this_thread_id() == other); });
  }).join();
}

TEST_CASE("[row 11] a background runtime never uses its caller's thread") {
  test_runtime r({.workers = 2, .background = true});
  const auto caller = weft::testing::this_thread_id();
  for (int i = 0; i < 100; ++i) {
    CHECK(r->run([] { return weft::testing::this_thread_id(); }) != caller);
  }
}

TEST_CASE("[row 11] several threads call run() of a background runtime at once") {
  test_runtime r({.workers = 2, .background = true});
  std::atomic<int> sum = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < 100; ++i) {
          sum += r->run([&] {
            weft::yield();
            return t;
          });
        }
      });
    }
  }
  CHECK(sum == 600);
}

TEST_CASE("[row 11] what was spawned in one run() lives on in the next") {
  test_runtime r({.workers = 1});
  std::atomic<int> turns = 0;
  auto h = r->run([&] {
    return weft::spawn([&] {
      while (weft::sleep_for(1ms)) {
        ++turns;
      }
    });
  });
  const int before = turns;
  std::this_thread::sleep_for(5ms);
  CHECK(turns == before);
  r->run([&] {
    while (turns < before + 3) {
      CHECK(weft::sleep_for(1ms).has_value());
    }
    h.cancel();
    CHECK(h.join().has_value());
  });
}

TEST_CASE("[row 12] several runtimes live side by side and know their own fibers") {
  test_runtime a({.workers = 1, .background = true});
  test_runtime b({.workers = 2, .background = true});
  test_runtime c({.workers = 1});
  auto in_a = a->spawn([] { return weft::runtime::current(); });
  auto in_b = b->spawn([] { return weft::runtime::current(); });
  CHECK(in_a.join() == &*a);
  CHECK(in_b.join() == &*b);
  CHECK(c->run([] { return weft::runtime::current(); }) == &*c);
  CHECK(weft::runtime::current() == nullptr);
  c->run([&] {
    auto nested = a->spawn([&] {
      auto deeper = b->spawn([] { return weft::sleep_for(1ms); });
      return deeper.join();
    });
    CHECK(nested.join().has_value());
  });
}

TEST_CASE("[row 12] runtimes come and go by the dozen") {
  for (std::size_t i = 0; i < weft::testing::rounds(200); ++i) {
    test_runtime r({.workers = static_cast<unsigned>(i % 4 + 1), .background = i % 2 == 0});
    if (i % 3 != 0) {
      r->run([] {
        weft::spawn([] { (void)weft::sleep_for(1h); }).detach();
        weft::yield();
      });
    }
  }
}

TEST_CASE("options that make no sense are refused") {
  const auto make = [](weft::runtime_options options) { weft::runtime r(std::move(options)); };
  CHECK_THROWS_AS(make({.workers = 257}), std::invalid_argument);
  CHECK_THROWS_AS(make({.workers = 1, .stack_size = SIZE_MAX}), std::invalid_argument);
  CHECK_THROWS_AS(make({.workers = 1, .blocking = {.max_threads = 0}}), std::invalid_argument);
  CHECK_THROWS_AS(make({.workers = 1, .blocking = {.min_threads = 3, .max_threads = 2}}),
                  std::invalid_argument);
}

TEST_CASE("fibers have 16 KiB of stack where less is asked for") {
  weft::runtime r({.workers = 1, .stack_size = 10});
  r.run([] {
    CHECK(weft::spawn([] {
            const std::array<char, 4096> room{};
            weft::yield();
            return room[0];
          }).join() == 0);
  });
}

TEST_CASE("a driver factory that throws makes the construction throw, and nothing is left") {
  int made = 0;
  const auto construct = [&] {
    weft::runtime r({.workers = 3, .drivers = [&](unsigned index) -> std::unique_ptr<weft::driver> {
                       if (index == 2) {
                         throw std::runtime_error("no third driver");
                       }
                       struct counting : weft::driver {
                         int& count;
                         explicit counting(int& c) : count(c) { ++count; }
                         ~counting() override { --count; }
                         void poll(weft::time_point) noexcept override {}
                         void wake() noexcept override {}
                       };
                       return std::make_unique<counting>(made);
                     }});
  };
  CHECK_THROWS_WITH(construct(), "no third driver");
  CHECK(made == 0);
}

TEST_CASE("child: run() by a fiber" * doctest::skip()) {
  weft::testing::become_plain_program();
  weft::runtime r({.workers = 1});
  r.run([&] { r.run([] {}); });
}

TEST_CASE("child: two threads run() without background" * doctest::skip()) {
  weft::testing::become_plain_program();
  weft::runtime r({.workers = 2});
  r.run([&] { std::thread([&] { r.run([] {}); }).join(); });
}

TEST_CASE("child: shutdown by a fiber" * doctest::skip()) {
  weft::testing::become_plain_program();
  weft::runtime r({.workers = 1});
  r.run([&] { r.shutdown(); });
}

TEST_CASE("misuse of a runtime ends the program with a sentence that says what to do") {
  struct misuse {
    const char* child;
    const char* sentence;
  };
  for (const auto& [child, sentence] : std::array<misuse, 3>{
           {{"child: run() by a fiber", "weft: runtime::run() was called by a fiber"},
            {"child: two threads run() without background",
             "weft: two threads call runtime::run() at once"},
            {"child: shutdown by a fiber",
             "weft: a runtime cannot be shut down or destroyed by a fiber"}}}) {
    const auto end = run_child(child);
    INFO(end.output);
    CHECK(end.was_killed_by(SIGABRT));
    CHECK(end.says(sentence));
  }
}
