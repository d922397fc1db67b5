#include <atomic>
#include <chrono>
#include <csignal>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include <doctest/doctest.h>
#include <support/child.hpp>
#include <support/patience.hpp>
#include <support/test_runtime.hpp>
#include <support/waiting_forms.hpp>

#include <weft/runtime/cancel.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/spawn.hpp>
#include <weft/runtime/yield.hpp>
#include <weft/sync/mutex.hpp>

using namespace std::chrono_literals;
using weft::mutex;
using namespace weft::testing;

namespace {

/// Locked by the test's thread at first.
struct locked_mutex {
  locked_mutex() { m.lock(); }

  weft::result<void> wait(weft::time_point until) {
    const bool timed = until != weft::forever;
    auto locked = timed ? lock_until(until) : m.lock_cancelable();
    if (locked) {
      m.unlock();
    }
    return locked;
  }
  weft::result<void> lock_until(weft::time_point until) {
    if (m.try_lock_until(until)) {
      return {};
    }
    auto around = weft::check_cancel();
    return around ? weft::fail(weft::errc::timed_out) : around;
  }
  void release() { m.unlock(); }
  std::size_t waiters() { return m.waiters(); }

  mutex m;
};

}  // namespace

TEST_CASE("[row 34] locking a mutex completes, times out and is cancelled") {
  check_waiting_forms<locked_mutex>();
}

TEST_CASE("[row 34] a mutex is 16 bytes at most") {
  CHECK(sizeof(mutex) <= 16);
}

TEST_CASE("[row 34] try_lock takes a free mutex and no other") {
  in_fiber([] {
    mutex m;
    CHECK(m.try_lock());
    auto other = weft::spawn([&] { return m.try_lock(); });
    CHECK(other.join() == false);
    m.unlock();
    CHECK(m.try_lock_for(0ns));
    m.unlock();
    CHECK(m.try_lock_for(-1h));
    m.unlock();
  });
}

TEST_CASE("[row 34] lock waits although its scope is cancelled") {
  in_fiber([] {
    mutex m;
    m.lock();
    std::atomic<bool> locked{false};
    auto waiter = weft::spawn([&] {
      m.lock();
      locked = true;
      m.unlock();
    });
    while (m.waiters() == 0) {
      weft::yield();
    }
    waiter.cancel();
    CHECK(weft::sleep_for(2ms).has_value());
    CHECK_FALSE(locked);
    m.unlock();
    CHECK(waiter.join().has_value());
    CHECK(locked);
  });
}

TEST_CASE("[row 46] the standard's guards work") {
  in_fiber([] {
    mutex a;
    mutex b;
    {
      std::lock_guard hold(a);
      CHECK_FALSE(weft::spawn([&] { return a.try_lock(); }).join().value());
    }
    {
      std::unique_lock hold(a, 1ms);
      CHECK(hold.owns_lock());
    }
    {
      std::scoped_lock both(a, b);
      CHECK_FALSE(weft::spawn([&] { return b.try_lock(); }).join().value());
    }
    std::unique_lock again(a, std::try_to_lock);
    CHECK(again.owns_lock());
  });
}

TEST_CASE("[row 34] scoped_lock of the same two in either order does not deadlock") {
  in_fiber([] {
    mutex a;
    mutex b;
    int turns = 0;
    auto one = weft::spawn([&] {
      for (std::size_t i = 0; i < rounds(2000); ++i) {
        std::scoped_lock both(a, b);
        ++turns;
        weft::yield();
      }
    });
    for (std::size_t i = 0; i < rounds(2000); ++i) {
      std::scoped_lock both(b, a);
      ++turns;
      weft::yield();
    }
    CHECK(one.join().has_value());
    CHECK(static_cast<std::size_t>(turns) == 2 * rounds(2000));
  });
}

TEST_CASE("[row 34] a waiter is not overtaken for ever") {
  // One worker: the fiber that keeps taking the mutex suspends only while it holds it, so the
  // waiter finds it taken whenever it runs, until it is handed over.
  in_fiber(
      [] {
        mutex m;
        bool done = false;
        std::size_t overtaken = 0;
        m.lock();
        auto waiter = weft::spawn([&] {
          m.lock();
          done = true;
          m.unlock();
        });
        while (m.waiters() == 0) {
          weft::yield();
        }
        while (!done && overtaken < 1000) {
          m.unlock();
          m.lock();
          ++overtaken;
          weft::yield();
        }
        m.unlock();
        CHECK(waiter.join().has_value());
        CHECK(overtaken <= 4);
      },
      {.workers = 1});
}

TEST_CASE("[row 34] a fiber that never suspends does not keep a waiter out") {
  in_fiber(
      [] {
        mutex m;
        std::atomic<bool> done{false};
        m.lock();
        auto waiter = weft::spawn([&] {
          m.lock();
          done = true;
          m.unlock();
        });
        while (m.waiters() == 0) {
          weft::yield();
        }
        m.unlock();
        std::size_t overtaken = 0;
        while (!done && overtaken < 1'000'000) {
          std::lock_guard hold(m);
          ++overtaken;
        }
        CHECK(overtaken <= 300);
        CHECK(waiter.join().has_value());
      },
      {.workers = 1});
}

TEST_CASE("[row 34] whoever of the waiters gives up, the others get their turn") {
  in_fiber([] {
    mutex m;
    m.lock();
    std::atomic<int> got{0};
    std::vector<weft::join_handle<void>> waiters;
    for (int i = 0; i < 6; ++i) {
      waiters.push_back(weft::spawn([&] {
        if (m.lock_cancelable()) {
          ++got;
          m.unlock();
        }
      }));
    }
    while (m.waiters() < 6) {
      weft::yield();
    }
    for (const std::size_t leaves : {0U, 1U, 3U, 5U}) {
      waiters[leaves].cancel();
    }
    m.unlock();
    for (auto& waiter : waiters) {
      CHECK(waiter.join().has_value());
    }
    CHECK(got >= 2);
    CHECK(m.try_lock());
    m.unlock();
  });
}

TEST_CASE("[row 13] fibers and plain threads exclude each other") {
  test_runtime r({.workers = 2, .background = true});
  mutex m;
  std::size_t count = 0;
  const std::size_t each = rounds(20'000);
  {
    std::vector<actor> actors;
    for (int i = 0; i < 6; ++i) {
      actors.emplace_back(i % 3 == 2 ? actor_kind::thread : actor_kind::fiber, *r, [&] {
        for (std::size_t n = 0; n < each; ++n) {
          std::lock_guard hold(m);
          ++count;
        }
      });
    }
  }
  CHECK(count == 6 * each);
}

TEST_CASE("[row 34] the last to lock a mutex may destroy it while the unlock before is returning") {
  test_runtime r({.workers = 2, .background = true});
  struct shared {
    mutex m;
    int users = 3;
  };
  for (std::size_t i = 0; i < rounds(5000); ++i) {
    auto* const s = new shared;
    const auto use = [s] {
      s->m.lock();
      const bool last = --s->users == 0;
      s->m.unlock();
      if (last) {
        delete s;
      }
    };
    actor a(actor_kind::fiber, *r, use);
    actor b(actor_kind::fiber, *r, use);
    use();
  }
}

TEST_CASE("child: unlock by another fiber" * doctest::skip()) {
  become_plain_program();
  weft::runtime r({.workers = 1});
  r.run([] {
    static mutex m;
    m.lock();
    (void)weft::spawn([] { m.unlock(); }).join();
  });
}

TEST_CASE("child: unlock of a free mutex" * doctest::skip()) {
  become_plain_program();
  mutex m;
  m.unlock();
}

TEST_CASE("child: locked again by its owner" * doctest::skip()) {
  become_plain_program();
  static mutex m;
  m.lock();
  m.lock();
}

#ifndef NDEBUG
TEST_CASE("misuse of a mutex is told in a sentence") {
  const child_outcome other = run_child("child: unlock by another fiber");
  CHECK(other.was_killed_by(SIGABRT));
  CHECK(other.says("unlock() of a mutex by another fiber or thread"));
  const child_outcome free = run_child("child: unlock of a free mutex");
  CHECK(free.was_killed_by(SIGABRT));
  CHECK(free.says("unlock() of a mutex that is not locked"));
  const child_outcome again = run_child("child: locked again by its owner");
  CHECK(again.was_killed_by(SIGABRT));
  CHECK(again.says("use recursive_mutex"));
}
#endif
