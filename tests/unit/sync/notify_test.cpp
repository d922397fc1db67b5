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
#include <weft/sync/notify.hpp>

using namespace std::chrono_literals;
using weft::notify;
using namespace weft::testing;

namespace {

struct not_notified {
  weft::result<void> wait(weft::time_point until) { return n.wait_until(until); }
  void release() { n.notify_one(); }
  std::size_t waiters() { return n.waiters(); }
  notify n;
};

void until_waiting(const notify& n, std::size_t count) {
  while (n.waiters() < count) {
    weft::yield();
  }
}

}  // namespace

TEST_CASE("[row 41] waiting for a notification completes, times out and is cancelled") {
  check_waiting_forms<not_notified>();
}

TEST_CASE("[row 41] notify_one leaves one permit where nobody waits") {
  in_fiber([] {
    notify n;
    CHECK_FALSE(n.try_wait());
    n.notify_one();
    n.notify_one();
    CHECK(n.wait().has_value());
    CHECK(error_of(n.wait_for(-1s)) == weft::errc::timed_out);
    n.notify_one();
    CHECK(n.try_wait());
    CHECK_FALSE(n.try_wait());
  });
}

TEST_CASE("[row 41] notify_one tells the first who waits, and leaves nothing then") {
  in_fiber([] {
    notify n;
    std::string order;
    std::vector<weft::join_handle<void>> waiters;
    for (char name = 'a'; name < 'd'; ++name) {
      waiters.push_back(weft::spawn([&, name] {
        CHECK(n.wait().has_value());
        order += name;
      }));
      until_waiting(n, waiters.size());
    }
    for (auto& waiter : waiters) {
      n.notify_one();
      CHECK(waiter.join().has_value());
    }
    CHECK(order == "abc");
    CHECK_FALSE(n.try_wait());
  });
}

TEST_CASE("[row 41] notify_all tells those who wait, and leaves nothing") {
  in_fiber([] {
    notify n;
    n.notify_all();
    CHECK_FALSE(n.try_wait());
    std::vector<weft::join_handle<void>> waiters;
    for (int i = 0; i < 10; ++i) {
      waiters.push_back(weft::spawn([&] { return n.wait(); }));
    }
    until_waiting(n, 10);
    n.notify_all();
    for (auto& waiter : waiters) {
      CHECK(waiter.join().has_value());
    }
    CHECK_FALSE(n.try_wait());
  });
}

TEST_CASE("[row 41] notify_all leaves a permit alone that is there") {
  in_fiber([] {
    notify n;
    n.notify_one();
    n.notify_all();
    CHECK(n.try_wait());
  });
}

TEST_CASE("[row 41] no notification is lost to a waiter that is cancelled") {
  in_fiber([] {
    for (std::size_t i = 0; i < rounds(3000); ++i) {
      notify n;
      auto waiter = weft::spawn([&] { return n.wait(); });
      auto canceller = weft::spawn([&] { waiter.cancel(); });
      n.notify_one();
      CHECK(canceller.join().has_value());
      const bool told = waiter.join().has_value();
      CHECK(n.try_wait() == !told);
    }
  });
}

TEST_CASE("[row 13] a consumer that looks again when notified misses nothing") {
  test_runtime r({.workers = 2, .background = true});
  for (const actor_kind kind : {actor_kind::fiber, actor_kind::thread}) {
    notify more;
    std::atomic<std::size_t> made{0};
    const std::size_t each = rounds(5000);
    std::vector<actor> actors;
    actors.emplace_back(kind, *r, [&] {
      for (std::size_t seen = 0; seen < 3 * each;) {
        CHECK(more.wait().has_value());
        seen = made;
      }
    });
    for (int i = 0; i < 3; ++i) {
      actors.emplace_back(i == 0 ? actor_kind::thread : actor_kind::fiber, *r, [&] {
        for (std::size_t n = 0; n < each; ++n) {
          ++made;
          more.notify_one();
        }
      });
    }
  }
}

TEST_CASE("[row 41] who was told may destroy it while the notification is returning") {
  test_runtime r({.workers = 2, .background = true});
  for (std::size_t i = 0; i < rounds(5000); ++i) {
    auto n = std::make_unique<notify>();
    actor teller(actor_kind::fiber, *r, [&bell = *n] { bell.notify_one(); });
    CHECK(n->wait().has_value());
    n.reset();
  }
}
