#include "stack_sweeper.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstring>
#include <thread>
#include <vector>

#include <alloca.h>
#include <doctest/doctest.h>
#include <support/patience.hpp>
#include <support/test_runtime.hpp>
#include <sys/mman.h>

#include <weft/runtime/cancel.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/spawn.hpp>
#include <weft/runtime/yield.hpp>

#include "stack_guard.hpp"

using namespace std::chrono_literals;
using weft::detail::page_size;
using weft::testing::test_runtime;

namespace {

constexpr std::size_t deep = std::size_t{64} * 1024;

/// Uses so much of the stack and returns an address in its middle.
[[gnu::noinline]] std::byte* use_stack() {
  auto* const memory = static_cast<std::byte*>(alloca(deep));
  std::memset(memory, 1, deep);
  std::byte* middle = memory + deep / 2;
  asm volatile("" : "+r"(middle) : : "memory");
  return middle;
}

bool is_resident(std::byte* address) {
  const auto place = reinterpret_cast<std::uintptr_t>(address) / page_size() * page_size();
  unsigned char present = 0;
  REQUIRE(mincore(reinterpret_cast<void*>(place), page_size(), &present) == 0);
  return (present & 1) != 0;
}

bool all_given_back(const std::vector<std::byte*>& pages) {
  return std::ranges::none_of(pages, is_resident);
}

/// What a fiber keeps on its stack across a wait.
class keepsake {
 public:
  explicit keepsake(std::size_t seed) : seed_(seed) {
    for (std::size_t i = 0; i < words_.size(); ++i) {
      words_[i] = seed * 1000 + i;
    }
  }
  bool is_intact() const {
    for (std::size_t i = 0; i < words_.size(); ++i) {
      if (words_[i] != seed_ * 1000 + i) {
        return false;
      }
    }
    return true;
  }

 private:
  const std::size_t seed_;
  std::array<std::size_t, 1500> words_;  // three pages
};

void check_that_waiters_shrink(unsigned workers) {
  test_runtime r({.workers = workers, .background = true});
  constexpr std::size_t count = 200;
  std::vector<std::byte*> pages(count);
  std::atomic<std::size_t> deep_now{0};
  std::atomic<std::size_t> intact{0};
  std::vector<weft::join_handle<void>> fibers;
  for (std::size_t i = 0; i < count; ++i) {
    fibers.push_back(r->spawn([&, i] {
      const keepsake mine(i);
      pages[i] = use_stack();
      ++deep_now;
      (void)weft::sleep_for(std::chrono::hours(1));
      intact += mine.is_intact() ? 1 : 0;
    }));
  }
  while (deep_now < count) {
    std::this_thread::sleep_for(1ms);
  }
  while (!all_given_back(pages)) {  // the watchdog ends a test that waits for ever
    std::this_thread::sleep_for(5ms);
  }
  for (auto& f : fibers) {
    f.cancel();
  }
  for (auto& f : fibers) {
    CHECK(f.join());
  }
  CHECK(intact == count);
}

}  // namespace

TEST_CASE("[row B7] a fiber that waits for long gives back the stack that it does not use") {
  check_that_waiters_shrink(1);
  check_that_waiters_shrink(2);
}

TEST_CASE("[row B7] fibers that are woken while they are swept find their stacks as they were") {
  test_runtime r({.workers = 2, .background = true});
  constexpr std::size_t count = 300;
  std::atomic<bool> over{false};
  std::atomic<std::size_t> broken{0};
  std::atomic<std::size_t> waits{0};
  std::vector<weft::join_handle<void>> fibers;
  // Waits of just the length at which the sweeper takes an interest, and of every other.
  for (std::size_t i = 0; i < count; ++i) {
    fibers.push_back(r->spawn([&, i] {
      const keepsake mine(i);
      for (std::size_t round = 0; !over; ++round) {
        (void)use_stack();
        (void)weft::sleep_for(std::chrono::microseconds(350'000 + (i * 7919 + round) % 100'000));
        broken += mine.is_intact() ? 0 : 1;
        ++waits;
      }
    }));
  }
  std::this_thread::sleep_for(1500ms);
  over = true;
  for (auto& f : fibers) {
    CHECK(f.join());
  }
  CHECK(broken == 0);
  CHECK(waits >= count);
}
