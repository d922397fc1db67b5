#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include <doctest/doctest.h>
#include <support/patience.hpp>
#include <support/test_runtime.hpp>

#include <weft/runtime/spawn.hpp>
#include <weft/runtime/yield.hpp>
#include <weft/sync/detail/biased_lock.hpp>

using namespace std::chrono_literals;
using weft::detail::biased_hold;
using weft::detail::biased_lock;
using weft::testing::in_fiber;
using weft::testing::rounds;
using weft::testing::test_runtime;

namespace {

/// Holds the lock for a moment, and notices if anyone else does.
class guarded {
 public:
  void touch() {
    biased_hold hold(lock_);
    const int inside = ++inside_;
    if (inside != 1) {
      ++intruders;
    }
    ++count_;
    --inside_;
  }

  long count() {
    biased_hold hold(lock_);
    return count_;
  }

  std::atomic<int> intruders{0};

 private:
  biased_lock lock_;
  int inside_ = 0;  // plain on purpose: a sanitizer sees it if the lock does not order accesses
  long count_ = 0;
};

/// Enough for the lock to become a worker's favourite, twice.
constexpr int long_streak = 5000;

}  // namespace

TEST_CASE("a worker that takes the lock many times in a row keeps others out as before") {
  in_fiber([] {
    guarded thing;
    for (int i = 0; i < long_streak; ++i) {
      thing.touch();
    }
    CHECK(thing.count() == long_streak);
    std::thread other([&] {
      for (int i = 0; i < 100; ++i) {
        thing.touch();
      }
    });
    while (thing.count() < long_streak + 100) {
      thing.touch();
      weft::yield();
    }
    other.join();
    CHECK(thing.intruders == 0);
  });
}

TEST_CASE("the lock is unlocked and taken again within one hold") {
  in_fiber([] {
    biased_lock lock;
    for (int i = 0; i < long_streak; ++i) {
      biased_hold hold(lock);
      hold.unlock();
      {
        biased_hold inner(lock);
      }
      hold.lock();
    }
    std::thread other([&] { biased_hold hold(lock); });
    other.join();
  });
}

TEST_CASE("streaks of one worker and intrusions by others exclude each other, again and again") {
  for (const unsigned workers : {1U, 2U, 4U}) {
    CAPTURE(workers);
    test_runtime r({.workers = workers, .background = true});
    guarded thing;
    std::atomic<bool> done{false};
    std::vector<weft::join_handle<long>> fibers;
    const std::size_t streaks = rounds(300);
    for (unsigned i = 0; i < workers; ++i) {
      fibers.push_back(r->spawn([&] {
        long touched = 0;
        for (std::size_t s = 0; s < streaks; ++s) {
          for (int n = 0; n < long_streak; ++n, ++touched) {
            thing.touch();
          }
          weft::yield();
        }
        return touched;
      }));
    }
    long outside = 0;
    std::thread intruder([&] {
      for (; !done; ++outside) {
        thing.touch();
        std::this_thread::sleep_for(20us);
      }
    });
    long total = 0;
    for (auto& f : fibers) {
      total += *f.join();
    }
    done = true;
    intruder.join();
    CHECK(thing.intruders == 0);
    CHECK(thing.count() == total + outside);
  }
}
