#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>
#include <support/patience.hpp>
#include <support/test_runtime.hpp>
#include <support/waiting_forms.hpp>

#include <weft/runtime/cancel.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/spawn.hpp>
#include <weft/runtime/yield.hpp>
#include <weft/sync/event.hpp>

using namespace std::chrono_literals;
using weft::event;
using weft::event_reset;
using namespace weft::testing;

namespace {

template <event_reset Reset>
struct not_set {
  weft::result<void> wait(weft::time_point until) { return e.wait_until(until); }
  void release() { e.set(); }
  std::size_t waiters() { return e.waiters(); }
  event e{Reset};
};

void until_waiting(const event& e, std::size_t count) {
  while (e.waiters() < count) {
    weft::yield();
  }
}

}  // namespace

TEST_CASE("[row 40] waiting for an event completes, times out and is cancelled") {
  check_waiting_forms<not_set<event_reset::manual>>();
  check_waiting_forms<not_set<event_reset::automatic>>();
}

TEST_CASE("[row 40] an event stays set until it is reset") {
  in_fiber([] {
    event e;
    CHECK_FALSE(e.is_set());
    CHECK_FALSE(e.try_wait());
    e.set();
    e.set();
    CHECK(e.is_set());
    CHECK(e.try_wait());
    CHECK(e.wait().has_value());
    CHECK(e.wait_for(-1s).has_value());
    e.reset();
    e.reset();
    CHECK_FALSE(e.is_set());
    CHECK(error_of(e.wait_for(-1s)) == weft::errc::timed_out);
    CHECK(event(event_reset::manual, true).try_wait());
  });
}

TEST_CASE("[row 40] set lets all through, also when a reset follows at once") {
  in_fiber([] {
    event e;
    std::vector<weft::join_handle<void>> waiters;
    for (int i = 0; i < 10; ++i) {
      waiters.push_back(weft::spawn([&] { return e.wait(); }));
    }
    until_waiting(e, 10);
    e.set();
    e.reset();
    for (auto& waiter : waiters) {
      CHECK(waiter.join().has_value());
    }
    CHECK_FALSE(e.is_set());
  });
}

TEST_CASE("[row 40] an automatic event lets one through for each set, in order") {
  in_fiber([] {
    event e(event_reset::automatic);
    std::string order;
    std::vector<weft::join_handle<void>> waiters;
    for (char name = 'a'; name < 'd'; ++name) {
      waiters.push_back(weft::spawn([&, name] {
        CHECK(e.wait().has_value());
        order += name;
      }));
      until_waiting(e, waiters.size());
    }
    for (auto& waiter : waiters) {
      e.set();
      CHECK_FALSE(e.is_set());
      CHECK(waiter.join().has_value());
    }
    CHECK(order == "abc");
    e.set();
    e.set();
    CHECK(e.try_wait());
    CHECK_FALSE(e.try_wait());
  });
}

TEST_CASE("[row 13] an automatic event is as good as a token that two pass to and fro") {
  test_runtime r({.workers = 2, .background = true});
  for (const actor_kind kind : {actor_kind::fiber, actor_kind::thread}) {
    event ping(event_reset::automatic);
    event pong(event_reset::automatic);
    std::size_t turns = 0;
    const std::size_t count = rounds(kind == actor_kind::fiber ? 20'000 : 1000);
    actor there(kind, *r, [&] {
      for (std::size_t i = 0; i < count; ++i) {
        CHECK(ping.wait().has_value());
        ++turns;
        pong.set();
      }
    });
    actor here(actor_kind::fiber, *r, [&] {
      for (std::size_t i = 0; i < count; ++i) {
        ping.set();
        CHECK(pong.wait().has_value());
        ++turns;
      }
    });
    there.join();
    here.join();
    CHECK(turns == 2 * count);
  }
}

TEST_CASE("[row 40] no set of an automatic event is lost to a waiter that is cancelled") {
  in_fiber([] {
    for (std::size_t i = 0; i < rounds(3000); ++i) {
      event e(event_reset::automatic);
      auto waiter = weft::spawn([&] { return e.wait(); });
      auto canceller = weft::spawn([&] { waiter.cancel(); });
      e.set();
      CHECK(canceller.join().has_value());
      const bool passed = waiter.join().has_value();
      CHECK(e.try_wait() == !passed);
    }
  });
}

TEST_CASE("[row 40] who is let through may destroy the event while the set is returning") {
  test_runtime r({.workers = 2, .background = true});
  for (std::size_t i = 0; i < rounds(5000); ++i) {
    auto e = std::make_unique<event>(i % 2 ? event_reset::manual : event_reset::automatic);
    actor setter(actor_kind::fiber, *r, [&gate = *e] { gate.set(); });
    CHECK(e->wait().has_value());
    e.reset();
  }
}
