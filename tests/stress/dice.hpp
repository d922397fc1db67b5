#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <random>

#include <support/patience.hpp>

namespace weft::testing {

/// A small generator of random choices: eight bytes, so that every fiber of a stress test has its
/// own. The algorithm is splitmix64.
class dice {
 public:
  explicit dice(std::uint64_t seed) noexcept : state_(seed) {}

  std::uint64_t roll() noexcept {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15U;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
  }
  /// 0 ... bound - 1.
  std::size_t below(std::size_t bound) noexcept { return static_cast<std::size_t>(roll() % bound); }
  bool one_in(std::size_t n) noexcept { return below(n) == 0; }
  std::chrono::microseconds up_to(std::chrono::microseconds most) noexcept {
    return std::chrono::microseconds(
        static_cast<std::int64_t>(roll() % (static_cast<std::uint64_t>(most.count()) + 1)));
  }
  /// Independent of what this one rolls later.
  dice split() noexcept { return dice(roll()); }

 private:
  std::uint64_t state_;
};

/// WEFT_TEST_SEED, or a new one each time.
inline std::uint64_t seed_from_environment() {
  const double given = from_environment("WEFT_TEST_SEED", -1);
  return given >= 0 ? static_cast<std::uint64_t>(given) : std::random_device{}();
}

}  // namespace weft::testing
