#include <array>
#include <atomic>
#include <csignal>
#include <cstdint>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include <doctest/doctest.h>
#include <support/child.hpp>
#include <support/patience.hpp>
#include <support/test_runtime.hpp>

#include <weft/runtime/sleep.hpp>
#include <weft/runtime/spawn.hpp>
#include <weft/runtime/this_fiber.hpp>
#include <weft/runtime/yield.hpp>

using namespace std::chrono_literals;
using weft::testing::error_of;
using weft::testing::in_fiber;
using weft::testing::run_child;

namespace {

int free_function(int a, int b) {
  return a * b;
}

struct on_copy_throws {
  on_copy_throws() = default;
  on_copy_throws(const on_copy_throws&) { throw std::runtime_error("copied"); }
  on_copy_throws(on_copy_throws&&) noexcept {}
  void operator()() const {}
};

struct large_on_copy_throws : on_copy_throws {
  std::array<std::byte, 500> ballast{};
};

/// Counts its live instances.
struct counted {
  static inline std::atomic<int> alive{0};
  counted() { ++alive; }
  counted(const counted&) { ++alive; }
  counted(counted&&) noexcept { ++alive; }
  ~counted() { --alive; }
};

template <std::size_t Bytes>
void run_with_ballast() {
  std::array<std::byte, Bytes> ballast{};
  ballast.back() = std::byte{7};
  auto h = weft::spawn([ballast, life = counted()] { return ballast.back(); });
  CHECK(h.join().value() == std::byte{7});
}

}  // namespace

TEST_CASE("[row 1] a fiber runs and its value is joined") {
  in_fiber([] {
    auto h = weft::spawn([] { return 42; });
    CHECK(h.joinable());
    CHECK(h.join().value() == 42);
    CHECK_FALSE(h.joinable());
  });
}

TEST_CASE("none to three arguments are passed by value and moved in") {
  in_fiber([] {
    CHECK(weft::spawn([] { return 0; }).join() == 0);
    CHECK(weft::spawn([](int a) { return a; }, 1).join() == 1);
    CHECK(weft::spawn(free_function, 6, 7).join() == 42);
    CHECK(weft::spawn([](int a, int b, int c) { return a * b + c; }, 2, 3, 4).join() == 10);
    std::string text = "copied";
    auto h = weft::spawn([](const std::string& s) { return s + "!"; }, text);
    text = "changed later";
    CHECK(h.join().value() == "copied!");
    auto unique = std::make_unique<int>(9);
    CHECK(
        *weft::spawn([](std::unique_ptr<int> p) { return p; }, std::move(unique)).join().value() ==
        9);
  });
}

TEST_CASE("spawn_options take any number of arguments") {
  in_fiber([] {
    auto h = weft::spawn(
        {.name = "adder"},
        [](int a, int b, int c, int d, int e) {
          CHECK(weft::this_fiber::name() == "adder");
          return a + b + c + d + e;
        },
        1, 2, 3, 4, 5);
    CHECK(h.join() == 15);
  });
}

TEST_CASE("a fiber that returns nothing joins to an empty result") {
  in_fiber([] {
    bool ran = false;
    weft::result<void> end = weft::spawn([&] { ran = true; }).join();
    CHECK(end.has_value());
    CHECK(ran);
  });
}

TEST_CASE("[row 32] a fiber that returns a result joins to it and not to a result of it") {
  in_fiber([] {
    weft::result<int> good = weft::spawn([]() -> weft::result<int> { return 3; }).join();
    CHECK(good == 3);
    weft::result<int> bad = weft::spawn([]() -> weft::result<int> {
                              return weft::fail(weft::errc::end_of_stream);
                            }).join();
    CHECK(error_of(bad) == weft::errc::end_of_stream);
    weft::result<void> nothing =
        weft::spawn([]() -> weft::result<void> { return weft::fail(weft::errc::closed); }).join();
    CHECK(error_of(nothing) == weft::errc::closed);
  });
}

TEST_CASE("results may be move-only, large and over-aligned") {
  struct alignas(64) wide {
    std::array<std::uint64_t, 32> values{};
  };
  in_fiber([] {
    auto boxed = weft::spawn([] { return std::make_unique<int>(5); }).join();
    CHECK(**boxed == 5);
    auto big = weft::spawn([] {
                 wide w;
                 w.values[31] = 77;
                 return w;
               }).join();
    CHECK(big->values[31] == 77);
    CHECK(reinterpret_cast<std::uintptr_t>(&*big) % 64 == 0);
  });
}

TEST_CASE("[row 32] an exception that leaves the fiber is rethrown by join") {
  in_fiber([] {
    auto h = weft::spawn([]() -> int { throw std::out_of_range("beyond"); });
    CHECK_THROWS_WITH_AS((void)h.join(), "beyond", std::out_of_range);
    CHECK_FALSE(h.joinable());
    auto odd = weft::spawn([] { throw 17; });
    CHECK_THROWS_AS((void)odd.join(), int);
  });
}

TEST_CASE("callables of every size are destroyed once, whether run or only dropped") {
  in_fiber([] {
    const auto all = []<std::size_t... Words>(std::index_sequence<Words...>) {
      (run_with_ballast<Words * 8 + 1>(), ...);
    };
    all(std::make_index_sequence<40>());
    CHECK(counted::alive == 0);
    {
      std::array<std::byte, 5000> ballast{};
      auto dropped = weft::spawn([ballast, life = counted()] { return ballast[0]; });
    }
    CHECK(counted::alive == 0);
    {
      auto unjoined = weft::spawn([] { return counted(); });
      weft::yield();
    }
    CHECK(counted::alive == 0);
  });
}

TEST_CASE("a callable whose copy throws spawns nothing") {
  in_fiber([] {
    const on_copy_throws f;
    CHECK_THROWS_AS((void)weft::spawn(f), std::runtime_error);
    const large_on_copy_throws large;
    CHECK_THROWS_AS((void)weft::spawn(large), std::runtime_error);
  });
}

TEST_CASE("an empty handle owns nothing and may be moved and destroyed") {
  weft::join_handle<int> empty;
  CHECK_FALSE(empty.joinable());
  CHECK_FALSE(empty.finished());
  CHECK(empty.id() == 0);
  empty.cancel();
  auto moved = std::move(empty);
  CHECK_FALSE(moved.joinable());
}

TEST_CASE("moving a handle onto one that owns a fiber drops that fiber") {
  in_fiber([] {
    std::atomic<bool> canceled = false;
    auto h = weft::spawn([&] {
      canceled = error_of(weft::sleep_for(1h)) == weft::errc::operation_canceled;
      return 1;
    });
    weft::yield();
    h = weft::spawn([] { return 2; });
    CHECK(canceled);
    CHECK(h.join() == 2);
  });
}

TEST_CASE("fibers have different numbers, known to the handle and to the fiber") {
  in_fiber([] {
    auto a = weft::spawn([] { return weft::this_fiber::id(); });
    auto b = weft::spawn([] { return weft::this_fiber::id(); });
    const auto a_id = a.id();
    const auto b_id = b.id();
    CHECK(a_id != 0);
    CHECK(a_id != b_id);
    CHECK(a_id != weft::this_fiber::id());
    CHECK(a.join() == a_id);
    CHECK(b.join() == b_id);
  });
}

TEST_CASE("[row 24] a stack of its own size is as large as was asked") {
  constexpr std::size_t size = 4 * 1024 * 1024;
  in_fiber([] {
    auto h = weft::spawn({.stack_size = size}, [] {
      volatile char bulk[size - 64 * 1024];
      bulk[0] = 1;
      bulk[sizeof bulk / 2] = 2;
      bulk[sizeof bulk - 1] = 3;
      weft::yield();
      return bulk[0] + bulk[sizeof bulk / 2] + bulk[sizeof bulk - 1];
    });
    CHECK(h.join() == 6);
    CHECK(weft::spawn({.stack_size = 16 * 1024}, [] { return 1; }).join() == 1);
  });
}

TEST_CASE("child: spawn outside a fiber" * doctest::skip()) {
  weft::testing::become_plain_program();
  (void)weft::spawn([] {});
}

TEST_CASE("spawn() outside a fiber ends the program with a sentence that says what to do") {
  const auto end = run_child("child: spawn outside a fiber");
  INFO(end.output);
  CHECK(end.was_killed_by(SIGABRT));
  CHECK(end.says("weft: spawn() was called outside a fiber: use runtime::spawn()"));
}

TEST_CASE("a stack larger than any address space is refused") {
  in_fiber(
      [] { CHECK_THROWS_AS((void)weft::spawn({.stack_size = SIZE_MAX}, [] {}), std::bad_alloc); });
}
