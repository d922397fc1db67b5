#include <atomic>
#include <chrono>
#include <deque>
#include <mutex>
#include <numeric>
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
#include <weft/sync/condition_variable.hpp>

using namespace std::chrono_literals;
using weft::condition_variable;
using weft::mutex;
using namespace weft::testing;

namespace {

/// Waits for a flag, as one does.
struct flag_not_set {
  weft::result<void> wait(weft::time_point until) {
    std::unique_lock hold(m);
    auto waited = changed.wait_until(hold, until, [this] { return set; });
    CHECK(hold.owns_lock());
    CHECK_FALSE(m.try_lock());
    return waited;
  }
  void release() {
    std::lock_guard hold(m);
    set = true;
    changed.notify_one();
  }
  std::size_t waiters() { return changed.waiters(); }

  mutex m;
  condition_variable changed;
  bool set = false;
};

void until_waiting(const condition_variable& c, std::size_t count) {
  while (c.waiters() < count) {
    weft::yield();
  }
}

}  // namespace

TEST_CASE("[row 37] waiting for a condition completes, times out and is cancelled") {
  check_waiting_forms<flag_not_set>();
}

TEST_CASE("[row 37] notify_one wakes one waiter, the first") {
  in_fiber([] {
    mutex m;
    condition_variable changed;
    std::string woken;
    std::vector<weft::join_handle<void>> waiters;
    for (char name = 'a'; name < 'd'; ++name) {
      waiters.push_back(weft::spawn([&, name] {
        std::unique_lock hold(m);
        CHECK(changed.wait(hold).has_value());
        woken += name;
      }));
      until_waiting(changed, waiters.size());
    }
    for (std::size_t i = 0; i < 3; ++i) {
      changed.notify_one();
      CHECK(waiters[i].join().has_value());
      CHECK(woken.size() == i + 1);
    }
    CHECK(woken == "abc");
  });
}

TEST_CASE("[row 37] notify_all wakes all who wait") {
  in_fiber([] {
    mutex m;
    condition_variable changed;
    int woken = 0;
    std::vector<weft::join_handle<void>> waiters;
    for (int i = 0; i < 10; ++i) {
      waiters.push_back(weft::spawn([&] {
        std::unique_lock hold(m);
        CHECK(changed.wait(hold).has_value());
        ++woken;
      }));
    }
    until_waiting(changed, 10);
    changed.notify_all();
    for (auto& waiter : waiters) {
      CHECK(waiter.join().has_value());
    }
    CHECK(woken == 10);
    CHECK(changed.waiters() == 0);
  });
}

TEST_CASE("[row 37] a notification without waiters is forgotten") {
  in_fiber([] {
    mutex m;
    condition_variable changed;
    changed.notify_one();
    changed.notify_all();
    std::unique_lock hold(m);
    CHECK(error_of(changed.wait_for(hold, 2ms)) == weft::errc::timed_out);
    CHECK(error_of(changed.wait_for(hold, -2ms)) == weft::errc::timed_out);
    CHECK(hold.owns_lock());
  });
}

TEST_CASE("[row 37] the mutex is held again after a cancelled wait, however long that takes") {
  in_fiber([] {
    mutex m;
    condition_variable changed;
    std::atomic<bool> returned{false};
    auto waiter = weft::spawn([&] {
      std::unique_lock hold(m);
      CHECK(error_of(changed.wait(hold)) == weft::errc::operation_canceled);
      CHECK(hold.owns_lock());
      CHECK_FALSE(m.try_lock());
      returned = true;
    });
    until_waiting(changed, 1);
    {
      std::lock_guard hold(m);
      waiter.cancel();
      CHECK(weft::sleep_for(3ms).has_value());
      CHECK_FALSE(returned);
    }
    CHECK(waiter.join().has_value());
    CHECK(m.try_lock());
    m.unlock();
  });
}

TEST_CASE("[row 37] a cancelled waiter does not swallow the notification for the next") {
  in_fiber([] {
    for (std::size_t i = 0; i < rounds(2000); ++i) {
      mutex m;
      condition_variable changed;
      std::atomic<int> notified{0};
      const auto wait = [&] {
        std::unique_lock hold(m);
        if (changed.wait(hold)) {
          ++notified;
        }
      };
      auto first = weft::spawn(wait);
      auto second = weft::spawn(wait);
      until_waiting(changed, 2);
      auto canceller = weft::spawn([&] { first.cancel(); });
      changed.notify_one();
      CHECK(canceller.join().has_value());
      CHECK(first.join().has_value());
      while (notified == 0) {
        weft::yield();
      }
      changed.notify_one();
      CHECK(second.join().has_value());
    }
  });
}

TEST_CASE("[row 13] a queue between fibers and threads loses nothing") {
  test_runtime r({.workers = 2, .background = true});
  mutex m;
  condition_variable filled;
  condition_variable emptied;
  std::deque<std::size_t> queue;
  std::atomic<std::size_t> sum{0};
  const std::size_t each = rounds(3000);
  {
    std::vector<actor> actors;
    for (int i = 0; i < 6; ++i) {
      const auto kind = i % 3 == 2 ? actor_kind::thread : actor_kind::fiber;
      actors.emplace_back(kind, *r, [&] {
        for (std::size_t n = 1; n <= each; ++n) {
          std::unique_lock hold(m);
          CHECK(emptied.wait(hold, [&] { return queue.size() < 4; }).has_value());
          queue.push_back(n);
          filled.notify_one();
        }
      });
      actors.emplace_back(kind, *r, [&] {
        for (std::size_t n = 0; n < each; ++n) {
          std::unique_lock hold(m);
          CHECK(filled.wait(hold, [&] { return !queue.empty(); }).has_value());
          sum += queue.front();
          queue.pop_front();
          emptied.notify_one();
        }
      });
    }
  }
  CHECK(sum == 6 * each * (each + 1) / 2);
}
