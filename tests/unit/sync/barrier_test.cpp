#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <new>
#include <thread>
#include <vector>

#include <doctest/doctest.h>
#include <support/patience.hpp>
#include <support/test_runtime.hpp>
#include <support/waiting_forms.hpp>

#include <weft/runtime/cancel.hpp>
#include <weft/runtime/spawn.hpp>
#include <weft/runtime/yield.hpp>
#include <weft/sync/barrier.hpp>

using namespace std::chrono_literals;
using weft::barrier;
using namespace weft::testing;

namespace {

/// One arrives, the other is the test's thread; a thread, because arriving waits.
struct one_is_missing {
  weft::result<void> wait(weft::time_point until) {
    auto went_on = b.arrive_and_wait_until(until);
    return went_on ? weft::result<void>() : weft::fail(went_on.error());
  }
  void release() {
    const bool last = b.waiters() == 1;
    other = std::thread([this] { CHECK(b.arrive_and_wait().has_value()); });
    if (!last) {
      wait_until_true([this] { return b.waiters() == 1; });
    }
  }
  std::size_t waiters() { return b.waiters(); }
  ~one_is_missing() { other.join(); }

  barrier b{2};
  std::thread other;
};

void until_waiting(const barrier& b, std::size_t count) {
  while (b.waiters() < count) {
    weft::yield();
  }
}

}  // namespace

TEST_CASE("[row 39] waiting at a barrier completes, times out and is cancelled") {
  check_waiting_forms<one_is_missing>();
}

TEST_CASE("[row 39] a barrier for one does not wait, and that one leads") {
  in_fiber([] {
    barrier b(1);
    CHECK(b.parties() == 1);
    CHECK(b.arrive_and_wait() == true);
    CHECK(b.arrive_and_wait_for(-1s) == true);
  });
}

TEST_CASE("[row 39] each round lets all go on together, with one leader") {
  for (const unsigned workers : {1U, 2U, 4U}) {
    test_runtime r({.workers = workers, .background = true});
    constexpr std::size_t parties = 5;
    const std::size_t count = rounds(1000);
    barrier b(parties);
    std::vector<std::atomic<int>> arrived(count);
    std::vector<std::atomic<int>> leaders(count);
    {
      std::vector<actor> actors;
      for (std::size_t i = 0; i < parties; ++i) {
        actors.emplace_back(i == 0 ? actor_kind::thread : actor_kind::fiber, *r, [&] {
          for (std::size_t round = 0; round < count; ++round) {
            ++arrived[round];
            const auto leads = b.arrive_and_wait();
            REQUIRE(leads.has_value());
            leaders[round] += *leads;
            CHECK(arrived[round] == parties);
          }
        });
      }
    }
    CHECK(std::ranges::all_of(leaders, [](const auto& n) { return n == 1; }));
  }
}

TEST_CASE("[row 39] a cancelled waiter takes its arrival back and does not break the barrier") {
  in_fiber([] {
    barrier b(3);
    auto cancelled = weft::spawn([&] { return b.arrive_and_wait(); });
    auto first = weft::spawn([&] { return b.arrive_and_wait(); });
    until_waiting(b, 2);
    cancelled.cancel();
    CHECK(error_of(cancelled.join()) == weft::errc::operation_canceled);
    CHECK(b.waiters() == 1);
    auto second = weft::spawn([&] { return b.arrive_and_wait(); });
    until_waiting(b, 2);
    CHECK_FALSE(first.finished());
    CHECK(b.arrive_and_wait() == true);
    CHECK(first.join() == false);
    CHECK(second.join() == false);
    CHECK(b.waiters() == 0);
  });
}

TEST_CASE("[row 39] who is cancelled while all go on either counted or did not") {
  // Two arrive, one of them is cancelled at any moment, a third arrives. Exactly if the cancelled
  // one reports success do the others go on without a fourth.
  in_fiber([] {
    for (std::size_t i = 0; i < rounds(3000); ++i) {
      barrier b(3);
      auto unlucky = weft::spawn([&] { return b.arrive_and_wait(); });
      auto other = weft::spawn([&] { return b.arrive_and_wait(); });
      auto canceller = weft::spawn([&] { unlucky.cancel(); });
      auto last = weft::spawn([&] { return b.arrive_and_wait(); });
      CHECK(canceller.join().has_value());
      const bool counted = unlucky.join().has_value();
      if (!counted) {
        CHECK(b.arrive_and_wait().has_value());
      }
      CHECK(other.join().has_value());
      CHECK(last.join().has_value());
      CHECK(b.waiters() == 0);
    }
  });
}

TEST_CASE("[row 39] whoever goes on may destroy the barrier while the others are returning") {
  test_runtime r({.workers = 2, .background = true});
  for (std::size_t i = 0; i < rounds(3000); ++i) {
    auto b = std::make_unique<barrier>(2);
    actor other(actor_kind::fiber, *r, [&all = *b] { CHECK(all.arrive_and_wait().has_value()); });
    CHECK(b->arrive_and_wait().has_value());
    b.reset();
  }
}

TEST_CASE("[row 39] who was cancelled when all go on may find the barrier destroyed") {
  const auto test = [] {
    alignas(barrier) std::array<std::byte, sizeof(barrier)> room;
    auto* const b = ::new (static_cast<void*>(room.data())) barrier(2);
    auto unlucky = weft::spawn([&] { return b->arrive_and_wait(); });
    until_waiting(*b, 1);
    unlucky.cancel();  // ends its wait; with one worker it runs when this fiber waits
    CHECK(b->arrive_and_wait() == true);
    std::destroy_at(b);
    room.fill(std::byte{0xff});  // whoever takes its lock now waits for ever
    CHECK(unlucky.join() == false);
  };
  in_fiber(test, {.workers = 1});
}
