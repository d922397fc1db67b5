#include <array>
#include <chrono>
#include <thread>
#include <vector>

#include <doctest/doctest.h>
#include <support/emulator.hpp>
#include <support/patience.hpp>
#include <support/test_runtime.hpp>
#include <this_process.hpp>

#include <weft/runtime/blocking.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/spawn.hpp>
#include <weft/runtime/yield.hpp>

using namespace std::chrono_literals;
using weft::testing::resident_bytes;
using weft::testing::test_runtime;
using weft::testing::traces_of_waking;

namespace {

// Where the system counts seconds in 32 bits they do not last for so long.
constexpr auto century = std::chrono::hours(24 * 365 * 100);

/// Whether a second and a half goes by in which nobody wakes up.
template <class... Runtimes>
bool rest_for_a_while(Runtimes&... all) {
  const auto statistics = [&] { return std::array{all->statistics()...}; };
  const auto before = statistics();
  const auto traces = traces_of_waking();
  std::this_thread::sleep_for(1500ms);
  const auto after = statistics();
  // Sanitizers have threads of their own.
  bool at_rest = weft::testing::sanitized || traces_of_waking() == traces;
  for (std::size_t i = 0; i < before.size(); ++i) {
    at_rest = at_rest && after[i].sleeps == before[i].sleeps && after[i].polls == before[i].polls &&
              after[i].awake_workers == 0;
  }
  return at_rest;
}

/// That they come to rest: once whoever kept watch has given up, and unused stacks have decayed,
/// which takes a second, and longer where the machine is busy.
template <class... Runtimes>
void check_that_they_rest(Runtimes&... all) {
  std::this_thread::sleep_for(1300ms);
  const auto give_up = weft::clock::now() + weft::testing::patience() / 2;
  bool at_rest = rest_for_a_while(all...);
  while (!at_rest && weft::clock::now() < give_up) {
    at_rest = rest_for_a_while(all...);
  }
  CHECK(at_rest);
}

/// Fibers that run, sleep and block, and then are parked for ever.
std::vector<weft::join_handle<void>> work_and_park(weft::runtime& r) {
  std::vector<weft::join_handle<void>> handles;
  for (int i = 0; i < 100; ++i) {
    handles.push_back(r.spawn([] {
      for (int k = 0; k < 20; ++k) {
        weft::yield();
        (void)weft::sleep_for(100us);
      }
      CHECK(weft::blocking([] {}).has_value());
      (void)weft::sleep_for(century);
    }));
  }
  return handles;
}

}  // namespace

TEST_CASE("an idle runtime wakes up no thread, neither fresh nor after work, with fibers parked") {
  test_runtime fresh({.workers = 4, .background = true});
  test_runtime single({.workers = 1, .background = true, .blocking = {.idle_time = century}});
  test_runtime stealing({.workers = 3, .background = true});
  test_runtime pinned({.workers = 3, .mode = weft::scheduling::pinned, .background = true});
  std::vector<std::vector<weft::join_handle<void>>> parked;
  for (test_runtime* r : {&single, &stealing, &pinned}) {
    parked.push_back(work_and_park(**r));
  }
  std::this_thread::sleep_for(300ms);
  check_that_they_rest(fresh, single, stealing, pinned);
}

// Sanitizers keep pages, and what qemu has translated counts as the program's.
TEST_CASE("[row 25] stacks that were free for a second give their pages back" *
          doctest::skip(weft::testing::sanitized || weft::testing::under_qemu())) {
  test_runtime r({.workers = 2, .background = true});
  const std::size_t before = resident_bytes();
  r->run([] {
    std::vector<weft::join_handle<void>> handles;
    for (int i = 0; i < 1000; ++i) {
      handles.push_back(weft::spawn([] {
        volatile char touched[60 * 1024];
        for (std::size_t at = 0; at < sizeof touched; at += 1024) {
          touched[at] = 1;
        }
        weft::yield();
        (void)weft::sleep_for(1ms);
      }));
    }
    for (auto& h : handles) {
      CHECK(h.join().has_value());
    }
  });
  const auto give_up = weft::clock::now() + 10s;
  const auto kept = [&] {  // each worker gives back its own, a second after its own last fiber
    return resident_bytes() > before + 4'000'000 || r->statistics().stacks_in_use > 0;
  };
  while (kept() && weft::clock::now() < give_up) {
    std::this_thread::sleep_for(50ms);
  }
  CHECK(resident_bytes() < before + 4'000'000);
  CHECK(r->statistics().stacks_in_use == 0);
  r->run([] { CHECK(weft::spawn([] { return 1; }).join() == 1); });
}

TEST_CASE("one fiber that sleeps for 10 ms at a time costs a few wake-ups each, on one worker") {
  test_runtime r({.workers = 1, .background = true});
  r->run([&] {
    const auto before = r->statistics();
    for (int i = 0; i < 20; ++i) {
      CHECK(weft::sleep_for(10ms).has_value());
    }
    const auto after = r->statistics();
    CHECK(after.sleeps - before.sleeps <= 60);
  });
}
