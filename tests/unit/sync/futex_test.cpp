#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
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
#include <weft/sync/futex.hpp>

using namespace std::chrono_literals;
using weft::futex_wait;
using weft::futex_wake;
using weft::futex_wake_all;
using namespace weft::testing;

namespace {

/// Waits for the word to become 1; the number of waiters is kept beside it.
struct word_not_set {
  weft::result<void> wait(weft::time_point until) {
    while (word == 0) {
      ++entered;
      auto woken = weft::futex_wait_until(word, 0, until);
      --entered;
      if (!woken) {
        return weft::fail(woken.error());
      }
    }
    return {};
  }
  void release() {
    word = 1;
    (void)futex_wake(word);
  }
  std::size_t waiters() { return entered; }

  std::atomic<std::uint32_t> word{0};
  std::atomic<std::size_t> entered{0};
};

/// What one would build: 0 free, 1 locked, 2 locked and maybe waited for.
class futex_lock {
 public:
  void lock() noexcept {
    std::uint32_t seen = 0;
    if (word_.compare_exchange_strong(seen, 1)) {
      return;
    }
    while (word_.exchange(2) != 0) {
      (void)futex_wait(word_, 2);
    }
  }
  void unlock() noexcept {
    if (word_.exchange(0) == 2) {
      (void)futex_wake(word_);
    }
  }

 private:
  std::atomic<std::uint32_t> word_{0};
};

}  // namespace

TEST_CASE("[row 43] waiting for a word completes, times out and is cancelled") {
  check_waiting_forms<word_not_set>();
}

TEST_CASE("[row 43] a word that is something else is not waited for") {
  in_fiber([] {
    std::atomic<std::uint32_t> word{3};
    CHECK(futex_wait(word, 2) == false);
    CHECK(weft::futex_wait_for(word, 2, -1s) == false);
    CHECK(error_of(weft::futex_wait_for(word, 3, -1s)) == weft::errc::timed_out);
    CHECK(futex_wake(word) == 0);
    CHECK(futex_wake_all(word) == 0);
  });
}

TEST_CASE("[row 43] a wake tells as many as it is asked to, in order, and says how many") {
  in_fiber(
      [] {
        std::atomic<std::uint32_t> word{0};
        std::vector<int> order;
        std::vector<weft::join_handle<void>> waiters;
        for (int i = 0; i < 6; ++i) {
          waiters.push_back(weft::spawn([&, i] {
            CHECK(futex_wait(word, 0) == true);
            order.push_back(i);
          }));
          weft::yield();
        }
        CHECK(weft::sleep_for(2ms).has_value());
        CHECK(futex_wake(word, 0) == 0);
        CHECK(futex_wake(word) == 1);
        CHECK(waiters[0].join().has_value());
        CHECK(futex_wake(word, 2) == 2);
        CHECK(waiters[1].join().has_value());
        CHECK(waiters[2].join().has_value());
        CHECK(futex_wake_all(word) == 3);
        for (std::size_t i = 3; i < 6; ++i) {
          CHECK(waiters[i].join().has_value());
        }
        CHECK(order.size() == 6);
      },
      {.workers = 1});
}

TEST_CASE("[row 43] words do not wake each other, however close they are") {
  in_fiber([] {
    constexpr std::size_t count = 2000;
    std::vector<std::atomic<std::uint32_t>> words(count);
    std::atomic<std::size_t> woken{0};
    std::vector<weft::join_handle<void>> waiters;
    for (auto& word : words) {
      waiters.push_back(weft::spawn([&] {
        CHECK(futex_wait(word, 0) == true);
        ++woken;
      }));
    }
    CHECK(weft::sleep_for(5ms).has_value());
    for (std::size_t i = 0; i < count; ++i) {
      CHECK(futex_wake_all(words[i]) == 1);
      CHECK(waiters[i].join().has_value());
      CHECK(woken == i + 1);
    }
  });
}

TEST_CASE("[row 13] a lock made of a futex excludes fibers and threads") {
  test_runtime r({.workers = 2, .background = true});
  futex_lock lock;
  std::size_t count = 0;
  const std::size_t each = rounds(10'000);
  {
    std::vector<actor> actors;
    for (int i = 0; i < 6; ++i) {
      actors.emplace_back(i % 3 == 2 ? actor_kind::thread : actor_kind::fiber, *r, [&] {
        for (std::size_t n = 0; n < each; ++n) {
          std::lock_guard hold(lock);
          ++count;
        }
      });
    }
  }
  CHECK(count == 6 * each);
}

TEST_CASE("[row 43] a wake is not lost to a waiter that is cancelled") {
  in_fiber([] {
    for (std::size_t i = 0; i < rounds(2000); ++i) {
      std::atomic<std::uint32_t> word{0};
      auto one = weft::spawn([&] { return futex_wait(word, 0); });
      auto two = weft::spawn([&] { return futex_wait(word, 0); });
      weft::yield();
      weft::yield();
      auto canceller = weft::spawn([&] { one.cancel(); });
      const std::size_t woken = futex_wake(word);
      CHECK(canceller.join().has_value());
      const bool first = one.join().has_value();
      if (woken == 1 && !first) {
        CHECK(two.join() == true);
      } else {
        two.cancel();
        const bool second = two.join().has_value();
        CHECK(static_cast<int>(first) + static_cast<int>(second) == static_cast<int>(woken));
      }
    }
  });
}
