#include <array>
#include <atomic>
#include <cfenv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <doctest/doctest.h>
#include <support/patience.hpp>
#include <support/test_runtime.hpp>

#include <weft/runtime/sleep.hpp>
#include <weft/runtime/spawn.hpp>
#include <weft/runtime/yield.hpp>

/// What a fiber has in registers and in the floating-point control words across a suspension. With
/// link-time optimisation the switch may be inlined into the loops below, among live values.
using namespace std::chrono_literals;
using weft::testing::rounds;
using weft::testing::test_runtime;

namespace {

template <class F>
void everywhere(F f) {
  for (const unsigned workers : {1U, 2U, 8U}) {
    std::atomic<std::size_t> wrong = 0;
    {
      test_runtime r({.workers = workers, .background = true});
      std::vector<weft::join_handle<void>> handles;
      for (std::size_t i = 1; i <= 20; ++i) {
        handles.push_back(r->spawn([&, i] { wrong += f(i) ? 0 : 1; }));
      }
      for (auto& h : handles) {
        CHECK(h.join().has_value());
      }
    }
    CHECK(wrong == 0);
  }
}

/// Sixteen running sums of which as many as possible live in registers.
template <class Number>
bool sums_survive(std::size_t seed) {
  std::array<Number, 16> sums{};
  const std::size_t turns = rounds(2000);
  for (std::size_t turn = 0; turn < turns; ++turn) {
    for (std::size_t k = 0; k < sums.size(); ++k) {
      sums[k] += static_cast<Number>(seed * (k + 1));
    }
    weft::yield();
  }
  for (std::size_t k = 0; k < sums.size(); ++k) {
    if (sums[k] != static_cast<Number>(seed * (k + 1) * turns)) {
      return false;
    }
  }
  return true;
}

}  // namespace

TEST_CASE("integers in registers survive suspensions") {
  everywhere([](std::size_t seed) { return sums_survive<std::uint64_t>(seed); });
}

TEST_CASE("doubles in registers survive suspensions") {
  everywhere([](std::size_t seed) { return sums_survive<double>(seed); });
}

TEST_CASE("long doubles in registers survive suspensions") {
  everywhere([](std::size_t seed) { return sums_survive<long double>(seed); });
  everywhere([](std::size_t seed) {
    long double a = static_cast<long double>(seed);
    long double b = 1;
    for (std::size_t turn = 0; turn < rounds(2000); ++turn) {
      a = a * 3 + b;
      b = a / 5;
      weft::yield();
      a -= b * 2;
      b += 1 / a;
    }
    long double c = static_cast<long double>(seed);
    long double d = 1;
    for (std::size_t turn = 0; turn < rounds(2000); ++turn) {
      c = c * 3 + d;
      d = c / 5;
      c -= d * 2;
      d += 1 / c;
    }
    return a == c && b == d;
  });
}

TEST_CASE("each fiber has its own rounding mode and keeps it across migrations") {
  constexpr std::array modes{FE_TONEAREST, FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};
  everywhere([&modes](std::size_t seed) {
    const int mine = modes[seed % modes.size()];
    bool right = true;
    std::fesetround(mine);
    for (std::size_t turn = 0; turn < rounds(500); ++turn) {
      weft::yield();
      right = right && std::fegetround() == mine;
      if (turn % 50 == 0) {
        (void)weft::sleep_for(20us);
        right = right && std::fegetround() == mine;
      }
    }
    std::fesetround(FE_TONEAREST);
    return right;
  });
  CHECK(std::fegetround() == FE_TONEAREST);
}

TEST_CASE("a new fiber starts with the default rounding mode whatever its spawner has set") {
  test_runtime r({.workers = 1});
  r->run([] {
    std::fesetround(FE_UPWARD);
    const auto seen = weft::spawn([] { return std::fegetround(); }).join();
    CHECK(std::fegetround() == FE_UPWARD);
    std::fesetround(FE_TONEAREST);
    CHECK(seen == FE_TONEAREST);
  });
}

TEST_CASE("a fiber's stack is aligned as the ABI demands, at every depth") {
  test_runtime r({.workers = 1});
  r->run([] {
    for (const std::size_t size : {std::size_t{0}, std::size_t{64} * 1024}) {
      auto h = weft::spawn({.stack_size = size}, [] {
        alignas(64) volatile char wide[64];
        wide[0] = 1;
        weft::yield();
        return reinterpret_cast<std::uintptr_t>(&wide) % 64 == 0 &&
               std::nearbyint(2.5 + wide[0]) == 4.0;
      });
      CHECK(h.join() == true);
    }
  });
}
