#include <array>
#include <atomic>
#include <cstddef>
#include <memory>

#include <doctest/doctest.h>
#include <support/child.hpp>
#include <support/test_runtime.hpp>

#include <weft/runtime/config.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/spawn.hpp>
#include <weft/runtime/yield.hpp>

/// That sanitizers are silent on correct programs is what every other test shows; here each finds a
/// mistake that is made on a fiber's stack. In a build with neither there is nothing to test.
using namespace std::chrono_literals;
using weft::testing::become_plain_program;
using weft::testing::run_child;

namespace {

#if defined(WEFT_ASAN)
constexpr bool address = true;
#else
constexpr bool address = false;
#endif
#if defined(WEFT_TSAN)
constexpr bool threads = true;
#else
constexpr bool threads = false;
#endif

int* volatile leaked = nullptr;
volatile std::size_t one_too_many = 16;

[[gnu::noinline]] void leak_a_local() {
  int local = 5;
  leaked = &local;
  weft::yield();
}

}  // namespace

TEST_CASE("child: use of freed memory on a fiber" * doctest::skip()) {
  become_plain_program();
  weft::runtime r({.workers = 2});
  r.run([] {
    auto owned = std::make_unique<int>(1);
    leaked = owned.get();
    weft::yield();
    owned.reset();
    (void)weft::sleep_for(1ms);
    *leaked = 2;
  });
}

TEST_CASE("child: use of a local of a function that has returned, on a fiber" * doctest::skip()) {
  become_plain_program();
  weft::runtime r({.workers = 2});
  r.run([] {
    leak_a_local();
    weft::yield();
    *leaked = 2;
  });
}

TEST_CASE("child: a write beyond an array on a fiber" * doctest::skip()) {
  become_plain_program();
  weft::runtime r({.workers = 2});
  r.run([] {
    std::array<volatile char, 16> bytes{};
    volatile char* volatile start = bytes.data();  // the size unknown to other sanitizers
    weft::yield();
    start[one_too_many] = 1;
  });
}

TEST_CASE("[row 146] AddressSanitizer finds mistakes on fibers" * doctest::skip(!address)) {
  CHECK(run_child("child: use of freed memory on a fiber").says("heap-use-after-free"));
  CHECK(run_child("child: a write beyond an array on a fiber").says("stack-buffer-overflow"));
  // Only with detect_stack_use_after_return=1, which the test presets set.
  const auto returned = run_child("child: use of a local of a function that has returned*");
  INFO(returned.output);
  CHECK(returned.says("stack-use-after-return"));
}

TEST_CASE("child: two fibers race" * doctest::skip()) {
  become_plain_program();
  weft::runtime r({.workers = 2, .background = true});
  volatile int shared = 0;  // or the compiler makes one access of them all, which may go unseen
  std::atomic<int> together = 0;
  const auto race = [&] {
    ++together;
    while (together < 2) {  // keeps its worker, so the other runs elsewhere
    }
    for (int i = 0; i < 10'000; ++i) {
      shared = shared + 1;
    }
  };
  auto a = r.spawn(race);
  auto b = r.spawn(race);
  (void)a.join();
  (void)b.join();
}

TEST_CASE("[row 146] ThreadSanitizer finds a race between fibers" * doctest::skip(!threads)) {
  const auto end = run_child("child: two fibers race");
  INFO(end.output);
  CHECK(end.says("ThreadSanitizer: data race"));
}
