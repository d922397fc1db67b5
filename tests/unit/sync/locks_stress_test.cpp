#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <random>
#include <shared_mutex>
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
#include <weft/sync/barrier.hpp>
#include <weft/sync/condition_variable.hpp>
#include <weft/sync/event.hpp>
#include <weft/sync/futex.hpp>
#include <weft/sync/mutex.hpp>
#include <weft/sync/notify.hpp>
#include <weft/sync/once_flag.hpp>
#include <weft/sync/recursive_mutex.hpp>
#include <weft/sync/semaphore.hpp>
#include <weft/sync/shared_mutex.hpp>

/// Fibers on 1, 2 and 8 workers and plain threads use one primitive in all its forms at once, with
/// deadlines and cancellations at any moment. What is guarded stays whole, and what can be counted
/// stays the same.
using namespace std::chrono_literals;
using namespace weft::testing;

namespace {

/// An actor's choices.
class dice {
 public:
  explicit dice(unsigned seed) : random_(seed) {}

  unsigned roll(unsigned sides) { return static_cast<unsigned>(random_() % sides); }
  std::chrono::microseconds moment() { return std::chrono::microseconds(roll(200)); }

  /// Sometimes suspends, so that others find taken what the caller holds.
  void dawdle() {
    switch (roll(8)) {
      case 0:
        weft::yield();
        break;
      case 1:
        if (roll(20) == 0) {
          (void)weft::sleep_for(moment());
        }
        break;
      default:
        break;
    }
  }

 private:
  std::minstd_rand random_;
};

/// Runs `act(dice)` many times in each of eight fibers and two threads.
template <class Act>
void many(const Act& act, std::size_t times = rounds(3000)) {
  for (const unsigned workers : {1U, 2U, 8U}) {
    CAPTURE(workers);
    test_runtime r({.workers = workers, .background = true});
    std::vector<actor> actors;
    for (unsigned i = 0; i < 10; ++i) {
      actors.emplace_back(i < 8 ? actor_kind::fiber : actor_kind::thread, *r, [&act, i, times] {
        dice mine(i + 1);
        for (std::size_t n = 0; n < times; ++n) {
          act(mine);
        }
      });
    }
  }
}

/// Only one may be inside at a time.
class alone {
 public:
  void enter(dice& d) {
    CHECK_FALSE(inside_.exchange(true));
    ++plain_;
    d.dawdle();
    ++plain_;
    CHECK(inside_.exchange(false));
  }
  bool is_whole() const { return plain_ % 2 == 0; }

 private:
  std::atomic<bool> inside_{false};
  std::size_t plain_ = 0;
};

/// Locks in one form or another; true if it did.
template <class Lock>
bool lock_somehow(Lock& lock, dice& d) {
  switch (d.roll(6)) {
    case 0:
      return lock.try_lock();
    case 1:
      return lock.try_lock_for(d.moment());
    case 2: {
      weft::timeout_scope limit(d.moment());
      return lock.lock_cancelable().has_value();
    }
    default:
      lock.lock();
      return true;
  }
}

template <class Lock>
void exclude_each_other() {
  Lock lock;
  alone room;
  many([&](dice& d) {
    if (lock_somehow(lock, d)) {
      room.enter(d);
      lock.unlock();
    }
  });
  CHECK(room.is_whole());
  CHECK(lock.waiters() == 0);
  CHECK(lock.try_lock());
  lock.unlock();
}

/// A lock over futex_wait(), with deadlines.
class futex_lock {
 public:
  bool lock(weft::time_point until) {
    std::uint32_t seen = 0;
    if (word_.compare_exchange_strong(seen, 1)) {
      return true;
    }
    while (word_.exchange(2) != 0) {
      if (!weft::futex_wait_until(word_, 2, until)) {
        return false;
      }
    }
    return true;
  }
  void unlock() {
    if (word_.exchange(0) == 2) {
      (void)weft::futex_wake(word_);
    }
  }

 private:
  std::atomic<std::uint32_t> word_{0};
};

}  // namespace

TEST_CASE("[row 34] stress: a mutex") {
  exclude_each_other<weft::mutex>();
}

TEST_CASE("[row 35] stress: a recursive mutex") {
  exclude_each_other<weft::recursive_mutex>();
}

TEST_CASE("[row 36] stress: a shared mutex") {
  weft::shared_mutex lock;
  alone room;
  std::atomic<int> readers{0};
  many([&](dice& d) {
    if (d.roll(3) == 0) {
      if (lock_somehow(lock, d)) {
        CHECK(readers == 0);
        room.enter(d);
        CHECK(readers == 0);
        lock.unlock();
      }
      return;
    }
    bool shared = false;
    switch (d.roll(4)) {
      case 0:
        shared = lock.try_lock_shared();
        break;
      case 1:
        shared = lock.try_lock_shared_for(d.moment());
        break;
      case 2: {
        weft::timeout_scope limit(d.moment());
        shared = lock.lock_shared_cancelable().has_value();
        break;
      }
      default:
        lock.lock_shared();
        shared = true;
    }
    if (shared) {
      ++readers;
      CHECK(room.is_whole());
      d.dawdle();
      --readers;
      lock.unlock_shared();
    }
  });
  CHECK(lock.waiters() == 0);
  CHECK(lock.try_lock());
  lock.unlock();
}

TEST_CASE("[row 43] stress: a lock made of a futex") {
  futex_lock lock;
  alone room;
  many([&](dice& d) {
    const bool timed = d.roll(3) == 0;
    if (lock.lock(timed ? weft::deadline_after(d.moment()) : weft::forever)) {
      room.enter(d);
      lock.unlock();
    }
  });
  CHECK(room.is_whole());
}

TEST_CASE("[row 38] stress: a semaphore") {
  constexpr std::size_t permits = 4;
  weft::semaphore s(permits);
  std::atomic<std::size_t> out{0};
  many([&](dice& d) {
    const std::size_t n = 1 + d.roll(3);
    std::optional<weft::timeout_scope> limit;
    if (d.roll(4) == 0) {
      limit.emplace(d.moment());
    }
    auto got = d.roll(4) == 0   ? s.try_acquire(n)
               : d.roll(4) == 0 ? s.acquire_for(d.moment(), n)
                                : s.acquire(n);
    if (!got) {
      return;
    }
    CHECK((out += n) <= permits);
    d.dawdle();
    out -= n;
    if (d.roll(5) == 0) {
      s.release(got->forget());
    }
  });
  CHECK(s.available() == permits);
  CHECK(s.waiters() == 0);
}

TEST_CASE("[row 37] stress: a bounded queue of a mutex and condition variables") {
  weft::mutex guard;
  weft::condition_variable filled;
  weft::condition_variable emptied;
  std::size_t inside = 0;
  std::atomic<std::size_t> put{0};
  std::atomic<std::size_t> taken{0};
  many([&](dice& d) {
    std::unique_lock hold(guard);
    const bool puts = d.roll(2) == 0;
    auto& changed = puts ? emptied : filled;
    const auto ready = [&] { return puts ? inside < 3 : inside > 0; };
    // Always limited: whether there are as many of either kind is chance.
    const auto waited = changed.wait_for(hold, d.moment(), ready);
    CHECK(hold.owns_lock());
    if (!waited) {
      return;
    }
    CHECK(ready());
    inside += puts ? 1 : std::size_t(-1);
    ++(puts ? put : taken);
    d.roll(2) ? (puts ? filled : emptied).notify_one() : (puts ? filled : emptied).notify_all();
  });
  CHECK(put - taken == inside);
}

TEST_CASE("[row 40] stress: one token through an automatic event") {
  weft::event token(weft::event_reset::automatic, true);
  alone room;
  many([&](dice& d) {
    std::optional<weft::timeout_scope> limit;
    if (d.roll(3) == 0) {
      limit.emplace(d.moment());
    }
    if (d.roll(4) == 0 ? token.wait_for(d.moment()).has_value() : token.wait().has_value()) {
      room.enter(d);
      token.set();
    }
  });
  CHECK(room.is_whole());
  CHECK(token.is_set());
}

TEST_CASE("[row 41] stress: one token through a notify") {
  weft::notify token;
  token.notify_one();
  alone room;
  many([&](dice& d) {
    std::optional<weft::timeout_scope> limit;
    if (d.roll(3) == 0) {
      limit.emplace(d.moment());
    }
    if (d.roll(4) == 0 ? token.wait_for(d.moment()).has_value() : token.wait().has_value()) {
      room.enter(d);
      token.notify_one();
    }
  });
  CHECK(room.is_whole());
  CHECK(token.try_wait());
}

TEST_CASE("[row 39] stress: rounds of a barrier, some of whose waiters give up") {
  for (const unsigned workers : {1U, 2U, 8U}) {
    CAPTURE(workers);
    test_runtime r({.workers = workers, .background = true});
    constexpr std::size_t parties = 4;
    weft::barrier b(parties);
    std::atomic<std::size_t> passed{0};
    std::atomic<std::size_t> led{0};
    std::atomic<std::size_t> done{0};
    std::vector<actor> actors;
    for (unsigned i = 0; i < 10; ++i) {
      actors.emplace_back(i < 8 ? actor_kind::fiber : actor_kind::thread, *r, [&, i] {
        dice d(i + 1);
        for (std::size_t n = 0; n < rounds(1000); ++n) {
          auto leads =
              d.roll(3) == 0 ? b.arrive_and_wait_for(d.moment()) : b.arrive_and_wait_for(1ms);
          passed += leads.has_value();
          led += leads.has_value() && *leads;
        }
        ++done;
      });
    }
    actors.clear();
    CHECK(passed == led * parties);
    CHECK(b.waiters() == 0);
  }
}

TEST_CASE("[row 42] stress: calls that fail until one succeeds") {
  many(
      [](dice& d) {
        // Each actor has a flag of its own that it shares with two more fibers or threads.
        weft::once_flag flag;
        int calls = 0;
        int left = static_cast<int>(d.roll(3));
        const auto call = [&] {
          for (;;) {
            auto called = weft::call_once(flag, [&]() -> weft::result<void> {
              ++calls;
              weft::yield();
              return left-- > 0 ? weft::fail(weft::errc::closed) : weft::result<void>();
            });
            if (called) {
              return;
            }
          }
        };
        std::thread other(call);
        call();
        other.join();
        CHECK(flag.is_done());
        CHECK(left == -1);
      },
      rounds(20));
}
