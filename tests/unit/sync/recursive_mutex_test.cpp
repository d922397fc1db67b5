#include <atomic>
#include <chrono>
#include <csignal>
#include <mutex>
#include <thread>
#include <vector>

#include <doctest/doctest.h>
#include <support/child.hpp>
#include <support/patience.hpp>
#include <support/test_runtime.hpp>
#include <support/waiting_forms.hpp>

#include <weft/runtime/cancel.hpp>
#include <weft/runtime/spawn.hpp>
#include <weft/runtime/yield.hpp>
#include <weft/sync/recursive_mutex.hpp>

using namespace std::chrono_literals;
using weft::recursive_mutex;
using namespace weft::testing;

namespace {

/// Locked twice by the test's thread at first.
struct locked_recursive_mutex {
  locked_recursive_mutex() {
    m.lock();
    m.lock();
  }

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
  void release() {
    m.unlock();
    m.unlock();
  }
  std::size_t waiters() { return m.waiters(); }

  recursive_mutex m;
};

}  // namespace

TEST_CASE("[row 35] locking a recursive mutex completes, times out and is cancelled") {
  check_waiting_forms<locked_recursive_mutex>();
}

TEST_CASE("[row 35] the owner locks again in every form, and frees it with the last unlock") {
  in_fiber([] {
    recursive_mutex m;
    m.lock();
    m.lock();
    CHECK(m.try_lock());
    CHECK(m.lock_cancelable().has_value());
    CHECK(m.try_lock_for(-1s));
    const auto others_try = [&] {
      return weft::spawn([&] {
               const bool locked = m.try_lock();
               if (locked) {
                 m.unlock();
               }
               return locked;
             })
          .join()
          .value();
    };
    for (int depth = 5; depth > 0; --depth) {
      CHECK_FALSE(others_try());
      m.unlock();
    }
    CHECK(others_try());
  });
}

TEST_CASE("[row 35] the owner stays the owner on whatever thread it runs") {
  in_fiber(
      [] {
        recursive_mutex m;
        std::vector<weft::join_handle<void>> fibers;
        int depth = 0;
        for (int f = 0; f < 8; ++f) {
          fibers.push_back(weft::spawn([&] {
            for (std::size_t i = 0; i < rounds(500); ++i) {
              std::lock_guard outer(m);
              weft::yield();
              std::lock_guard inner(m);
              CHECK(++depth == 1);
              weft::yield();
              --depth;
            }
          }));
        }
        for (auto& f : fibers) {
          CHECK(f.join().has_value());
        }
      },
      {.workers = 4});
}

TEST_CASE("[row 46] the standard's guards work with a recursive mutex") {
  in_fiber([] {
    recursive_mutex a;
    recursive_mutex b;
    std::lock_guard outer(a);
    std::scoped_lock both(a, b);
    std::unique_lock again(a, 1ms);
    CHECK(again.owns_lock());
  });
}

TEST_CASE("child: unlock of a recursive mutex by another" * doctest::skip()) {
  become_plain_program();
  static recursive_mutex m;
  m.lock();
  std::thread([] { m.unlock(); }).join();
}

#ifndef NDEBUG
TEST_CASE("misuse of a recursive mutex is told in a sentence") {
  const child_outcome other = run_child("child: unlock of a recursive mutex by another");
  CHECK(other.was_killed_by(SIGABRT));
  CHECK(other.says("unlock() of a recursive_mutex by another fiber or thread"));
}
#endif
