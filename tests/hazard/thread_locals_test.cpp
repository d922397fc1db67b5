#include <atomic>
#include <cerrno>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>
#include <support/patience.hpp>
#include <support/test_runtime.hpp>
#include <support/this_thread.hpp>
#include <unistd.h>

#include <weft/runtime/blocking.hpp>
#include <weft/runtime/cancel.hpp>
#include <weft/runtime/fiber_local.hpp>
#include <weft/runtime/runtime.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/spawn.hpp>
#include <weft/runtime/this_fiber.hpp>
#include <weft/runtime/yield.hpp>

/// A fiber may wake up on another thread than it fell asleep on. Whatever is reached through a
/// thread-local variable must be found anew, also where an optimiser sees through every call: this
/// program is built with -O3 and link-time optimisation, too.
using namespace std::chrono_literals;
using weft::testing::rounds;
using weft::testing::test_runtime;

namespace {

weft::fiber_local<std::uint64_t> own;

thread_local std::uint64_t thread_number = 0;
std::atomic<std::uint64_t> next_thread_number{0};

/// The way for users to read a thread_local of their own between suspensions.
[[gnu::noinline]] std::uint64_t number_of_this_thread() {
  if (thread_number == 0) {
    thread_number = ++next_thread_number;
  }
  asm volatile("");
  return thread_number;
}

[[gnu::noinline]] int error_of_a_bad_close() {
  errno = 0;
  [[maybe_unused]] const int failed = close(-1);
  asm volatile("");
  return errno;
}

void suspend(std::size_t turn) {
  switch (turn % 8) {
    case 0:
      (void)weft::sleep_for(std::chrono::microseconds(turn % 97));
      break;
    case 1:
      (void)weft::spawn([] { weft::yield(); }).join();
      break;
    case 2:
      (void)weft::maybe_yield();
      break;
    default:
      weft::yield();
  }
}

struct findings {
  std::atomic<std::size_t> wrong{0};
  std::atomic<std::size_t> migrations{0};
};

void wander(weft::runtime* home, findings& found, std::size_t turns) {
  const std::uint64_t id = weft::this_fiber::id();
  const std::string name = "wanderer " + std::to_string(id);
  weft::this_fiber::set_name(name);
  *own = id;
  weft::cancel_scope around;
  for (std::size_t turn = 0; turn < turns; ++turn) {
    const std::uint64_t thread = number_of_this_thread();
    const std::thread::id before = weft::testing::this_thread_id();
    suspend(turn + id);
    found.migrations += number_of_this_thread() != thread;
    const bool moved = weft::testing::this_thread_id() != before;
    found.wrong += moved != (number_of_this_thread() != thread);
    found.wrong += weft::this_fiber::id() != id;
    found.wrong += weft::this_fiber::name() != name;
    found.wrong += *own != id;
    found.wrong += weft::runtime::current() != home;
    found.wrong += error_of_a_bad_close() != EBADF;
    found.wrong += !weft::check_cancel().has_value();
  }
}

}  // namespace

TEST_CASE("a fiber finds itself, its locals, its runtime and errno after every migration") {
  for (const unsigned workers : {2U, 8U}) {
    findings found;
    {
      test_runtime r({.workers = workers, .background = true});
      std::vector<weft::join_handle<void>> handles;
      for (int i = 0; i < 64; ++i) {
        handles.push_back(r->spawn([&] { wander(&*r, found, rounds(3000)); }));
      }
      for (auto& h : handles) {
        CHECK(h.join().has_value());
      }
    }
    CHECK(found.wrong == 0);
    CHECK(found.migrations > 10);
  }
}

TEST_CASE("a fiber that suspends inside a loop unrolled around it stays itself") {
  test_runtime r({.workers = 4, .background = true});
  std::atomic<std::size_t> wrong = 0;
  std::vector<weft::join_handle<void>> handles;
  for (int i = 0; i < 16; ++i) {
    handles.push_back(r->spawn([&] {
      const std::uint64_t id = weft::this_fiber::id();
      for (std::size_t turn = 0; turn < rounds(2000); ++turn) {
        weft::yield();
        wrong += weft::this_fiber::id() != id;
        weft::yield();
        wrong += weft::this_fiber::id() != id;
        (void)weft::sleep_for(1us);
        wrong += weft::this_fiber::id() != id;
        weft::yield();
        wrong += weft::this_fiber::id() != id;
      }
    }));
  }
  for (auto& h : handles) {
    CHECK(h.join().has_value());
  }
  CHECK(wrong == 0);
}

TEST_CASE("a call on the pool and its fiber keep to their own threads") {
  test_runtime r({.workers = 2});
  r->run([] {
    for (std::size_t i = 0; i < rounds(300); ++i) {
      const auto id = weft::this_fiber::id();
      CHECK(weft::blocking([] { return weft::this_fiber::id(); }) == 0);
      CHECK(weft::this_fiber::id() == id);
    }
  });
}
