#include <atomic>
#include <chrono>
#include <cstddef>
#include <mutex>
#include <vector>

#include <doctest/doctest.h>

#include <weft/sync/condition_variable.hpp>
#include <weft/sync/mutex.hpp>
#include <weft/sync/recursive_mutex.hpp>
#include <weft/sync/semaphore.hpp>
#include <weft/sync/shared_mutex.hpp>

#include "cancel_everywhere.hpp"

/// A cancellation at every suspension: what excludes others.
namespace weft::testing {

namespace {

constexpr int rounds_each = 3;

template <class Mutex>
class exclusion : public scenario {
 public:
  std::vector<role> roles() override {
    return std::vector<role>(3, [this] {
      for (int i = 0; i < rounds_each; ++i) {
        if (!succeeded(mutex_.lock_cancelable())) {
          return;
        }
        CHECK(++inside_ == 1);
        yield();
        --inside_;
        mutex_.unlock();
        yield();
      }
    });
  }
  void check() override {
    CHECK(mutex_.waiters() == 0);
    CHECK(mutex_.try_lock());
    mutex_.unlock();
  }

 protected:
  Mutex mutex_;
  std::atomic<int> inside_{0};
};

class readers_and_writers : public exclusion<shared_mutex> {
 public:
  std::vector<role> roles() override {
    auto all = exclusion::roles();
    all.pop_back();
    for (int reader = 0; reader < 2; ++reader) {
      all.push_back([this] {
        for (int i = 0; i < rounds_each; ++i) {
          if (!succeeded(mutex_.lock_shared_cancelable())) {
            return;
          }
          CHECK(inside_ == 0);
          yield();
          mutex_.unlock_shared();
          yield();
        }
      });
    }
    return all;
  }
};

class monitor : public scenario {
 public:
  std::vector<role> roles() override {
    const role consume = [this] {
      for (int i = 0; i < rounds_each; ++i) {
        std::unique_lock hold(mutex_);
        const auto waited = changed_.wait(hold, [this] { return items_ > 0; });
        CHECK(hold.owns_lock());
        if (!succeeded(waited)) {
          return;
        }
        --items_;
        ++taken_;
      }
    };
    const role produce = [this] {
      for (int i = 0; i < 2 * rounds_each; ++i) {
        {
          const std::lock_guard hold(mutex_);
          ++items_;
          ++made_;
        }
        changed_.notify_one();
        yield();
      }
    };
    return {consume, consume, produce};
  }
  void check() override {
    CHECK(changed_.waiters() == 0);
    CHECK(made_ == taken_ + items_);
  }

 private:
  mutex mutex_;
  condition_variable changed_;
  int items_ = 0;
  int made_ = 0;
  int taken_ = 0;
};

class permits : public scenario {
 public:
  std::vector<role> roles() override {
    const auto take = [this](std::size_t n) {
      return [this, n] {
        for (int i = 0; i < rounds_each; ++i) {
          const auto held = semaphore_.acquire(n);
          if (!succeeded(held)) {
            return;
          }
          yield();
        }
      };
    };
    return {take(1), take(2), take(3), take(1)};
  }
  void check() override {
    CHECK(semaphore_.available() == 3);
    CHECK(semaphore_.waiters() == 0);
  }

 private:
  semaphore semaphore_{3};
};

/// A pool that loses what was taken when a cancellation comes at the third of four suspensions.
class leaky_pool : public scenario {
 public:
  std::vector<role> roles() override {
    return std::vector<role>(2, [this] {
      for (int i = 0; i < rounds_each - 1; ++i) {
        auto held = semaphore_.acquire();
        if (!succeeded(held) || !succeeded(sleep_for(10us))) {
          if (i == 1) {
            held->forget();
          }
          return;
        }
      }
    });
  }
  void check() override { CHECK(semaphore_.available() == 2); }

 private:
  semaphore semaphore_{2};
};

}  // namespace

TEST_CASE("[row B6] a permit that is lost at one suspension of several is found" *
          doctest::should_fail()) {
  check_cancel_everywhere<leaky_pool>();
}

TEST_CASE("[row B6] a cancellation at any suspension leaves a mutex free for the others") {
  check_cancel_everywhere<exclusion<mutex>>();
  check_cancel_everywhere<exclusion<recursive_mutex>>();
  check_cancel_everywhere<exclusion<shared_mutex>>();
  check_cancel_everywhere<readers_and_writers>();
}

TEST_CASE(
    "[row B6] a cancellation at any suspension of a monitor leaves the lock held and no item "
    "lost") {
  check_cancel_everywhere<monitor>();
}

TEST_CASE("[row B6] a cancellation at any suspension gives every permit back") {
  check_cancel_everywhere<permits>();
}

}  // namespace weft::testing
