#include <atomic>
#include <chrono>
#include <csignal>
#include <memory>
#include <optional>
#include <string>
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
#include <weft/sync/semaphore.hpp>

using namespace std::chrono_literals;
using weft::semaphore;
using namespace weft::testing;

namespace {

constexpr auto would_block = std::errc::operation_would_block;

/// One acquires two permits where there is one.
struct too_few_permits {
  weft::result<void> wait(weft::time_point until) {
    auto got = s.acquire_until(until, 2);
    if (!got) {
      return weft::fail(got.error());
    }
    CHECK(got->count() == 2);
    return {};
  }
  void release() { s.release(); }
  std::size_t waiters() { return s.waiters(); }
  semaphore s{1};
};

void until_waiting(const semaphore& s, std::size_t count) {
  while (s.waiters() < count) {
    weft::yield();
  }
}

}  // namespace

TEST_CASE("[row 38] acquiring completes, times out and is cancelled") {
  check_waiting_forms<too_few_permits>();
}

TEST_CASE("[row 38] permits are counted") {
  in_fiber([] {
    semaphore s(3);
    CHECK(s.available() == 3);
    auto two = s.acquire(2);
    REQUIRE(two.has_value());
    CHECK(s.available() == 1);
    CHECK(error_of(s.try_acquire(2)) == would_block);
    CHECK(error_of(s.acquire_for(-1s, 2)) == weft::errc::timed_out);
    CHECK(s.try_acquire(1).has_value());
    CHECK(s.available() == 1);
    CHECK(s.acquire(0).has_value());
    two->release();
    CHECK(two->count() == 0);
    two->release();
    CHECK(s.available() == 3);
    s.release(4);
    CHECK(s.available() == 7);
  });
}

TEST_CASE("[row 46] a permit gives back once, moves, and can be forgotten") {
  in_fiber([] {
    semaphore s(4);
    {
      semaphore::permit kept;
      CHECK(kept.count() == 0);
      {
        auto one = s.acquire(1);
        REQUIRE(one.has_value());
        kept = std::move(*one);
      }
      CHECK(s.available() == 3);
      kept = std::move(*s.acquire(2));
      CHECK(s.available() == 2);
      auto& itself = kept;
      kept = std::move(itself);
      CHECK(kept.count() == 2);
    }
    CHECK(s.available() == 4);
    {
      auto lost = s.acquire(3);
      CHECK(lost->forget() == 3);
      CHECK(lost->forget() == 0);
    }
    CHECK(s.available() == 1);
    s.release(3);
    CHECK(s.available() == 4);
  });
}

TEST_CASE("[row 38] permits are handed to waiters in the order in which they came") {
  in_fiber([] {
    semaphore s(0);
    std::string order;
    std::vector<weft::join_handle<void>> waiters;
    for (char name = 'a'; name < 'f'; ++name) {
      waiters.push_back(weft::spawn([&, name] {
        auto got = s.acquire();
        REQUIRE(got.has_value());
        got->forget();
        order += name;
      }));
      until_waiting(s, waiters.size());
    }
    for (auto& waiter : waiters) {
      s.release();
      // What was released belongs to the waiter already.
      CHECK(s.available() == 0);
      CHECK(error_of(s.try_acquire()) == would_block);
      CHECK(waiter.join().has_value());
    }
    CHECK(order == "abcde");
  });
}

TEST_CASE("[row 38] nobody overtakes one that needs many") {
  in_fiber([] {
    semaphore s(1);
    auto many = weft::spawn([&] { return s.acquire(3).has_value(); });
    until_waiting(s, 1);
    CHECK(error_of(s.try_acquire()) == would_block);
    auto one = weft::spawn([&] { return s.acquire().has_value(); });
    until_waiting(s, 2);
    s.release(1);
    CHECK(weft::sleep_for(1ms).has_value());
    CHECK_FALSE(many.finished());
    CHECK_FALSE(one.finished());
    s.release(1);
    CHECK(many.join() == true);
    CHECK(one.join() == true);
    CHECK(s.available() == 3);
  });
}

TEST_CASE("[row 38] when one that needs many gives up, those behind get what is there") {
  in_fiber([] {
    semaphore s(1);
    auto many = weft::spawn([&] { return error_of(s.acquire(3)); });
    until_waiting(s, 1);
    auto one = weft::spawn([&] { return s.acquire().has_value(); });
    until_waiting(s, 2);
    many.cancel();
    CHECK(many.join() == weft::errc::operation_canceled);
    CHECK(one.join() == true);
    CHECK(s.available() == 1);
  });
}

TEST_CASE("[row 38] close tells who waits, and refuses who comes later") {
  in_fiber([] {
    semaphore s(1);
    auto held = s.acquire();
    auto waiter = weft::spawn([&] { return error_of(s.acquire()); });
    until_waiting(s, 1);
    CHECK_FALSE(s.closed());
    s.close();
    s.close();
    CHECK(s.closed());
    CHECK(waiter.join() == weft::errc::closed);
    CHECK(error_of(s.acquire()) == weft::errc::closed);
    CHECK(error_of(s.try_acquire()) == weft::errc::closed);
    held->release();
    CHECK(s.available() == 1);
    CHECK(error_of(s.acquire()) == weft::errc::closed);
  });
}

TEST_CASE("[row 38] no permit is lost or made, whatever ends the waits") {
  test_runtime r({.workers = 2, .background = true});
  semaphore s(3);
  std::atomic<int> inside{0};
  {
    std::vector<actor> actors;
    for (unsigned i = 0; i < 8; ++i) {
      actors.emplace_back(i % 4 == 3 ? actor_kind::thread : actor_kind::fiber, *r, [&, i] {
        for (std::size_t n = 0; n < rounds(2000); ++n) {
          const std::size_t count = 1 + (n + i) % 3;
          std::optional<weft::timeout_scope> limit;
          if (n % 3 == 0) {
            limit.emplace(std::chrono::microseconds(n % 50));
          }
          auto got = n % 3 == 1 ? s.acquire_for(std::chrono::microseconds(n % 100), count)
                                : s.acquire(count);
          if (got) {
            CHECK((inside += static_cast<int>(count)) <= 3);
            weft::yield();
            inside -= static_cast<int>(count);
          }
        }
      });
    }
  }
  CHECK(s.available() == 3);
  CHECK(s.waiters() == 0);
}

TEST_CASE("child: too many permits" * doctest::skip()) {
  become_plain_program();
  semaphore s(1);
  s.release(semaphore::max_permits);
}

#ifndef NDEBUG
TEST_CASE("a release of too many permits is told in a sentence") {
  const child_outcome end = run_child("child: too many permits");
  CHECK(end.was_killed_by(SIGABRT));
  CHECK(end.says("more permits than a semaphore can have"));
}
#endif
