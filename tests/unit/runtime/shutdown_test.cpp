#include <atomic>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>

#include <doctest/doctest.h>
#include <support/patience.hpp>
#include <support/test_runtime.hpp>

#include <weft/runtime/cancel.hpp>
#include <weft/runtime/detail/parker.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/spawn.hpp>
#include <weft/runtime/yield.hpp>

using namespace std::chrono_literals;
using weft::errc;
using weft::testing::error_of;
using weft::testing::test_runtime;

namespace {

/// Runs a fiber of some kind to where it waits or computes, shuts down, and expects it to have
/// ended of its own accord.
template <class F>
void shut_down_under(F f) {
  for (const bool background : {false, true}) {
    for (const unsigned workers : {1U, 2U}) {
      for (const auto mode : {weft::scheduling::work_stealing, weft::scheduling::pinned}) {
        std::atomic<bool> begun = false;
        std::atomic<bool> ended = false;
        {
          test_runtime r({.workers = workers, .mode = mode, .background = background});
          r->run([&] {
            weft::spawn([&] {
              begun = true;
              f();
              ended = true;
            }).detach();
            while (!begun) {
              (void)weft::sleep_for(100us);
            }
          });
        }
        CHECK(ended);
      }
    }
  }
}

}  // namespace

TEST_CASE("[row 20] shutdown cancels a fiber that sleeps") {
  shut_down_under([] { CHECK(error_of(weft::sleep_for(1h)) == errc::operation_canceled); });
}

TEST_CASE("[row 20] shutdown cancels a fiber that is parked without a deadline") {
  shut_down_under([] {
    auto token = weft::detail::begin_wait(weft::detail::cancelable::yes);
    REQUIRE(token.has_value());
    CHECK(weft::detail::park(*token, weft::forever, "nothing") ==
          weft::detail::wake_reason::canceled);
    CHECK(weft::detail::cancel_error() == errc::operation_canceled);
  });
}

TEST_CASE("[row 20] shutdown cancels a fiber that waits inside scopes of its own") {
  shut_down_under([] {
    weft::timeout_scope limit{1h};
    weft::cancel_scope inner;
    CHECK(error_of(weft::sleep_for(2h)) == errc::operation_canceled);
    CHECK_FALSE(limit.is_expired());
    CHECK(weft::why_canceled()->reason == std::string_view("the runtime is shutting down"));
  });
}

TEST_CASE("[row 20] shutdown ends a fiber that computes and calls maybe_yield") {
  shut_down_under([] {
    while (weft::maybe_yield()) {
    }
    CHECK(error_of(weft::check_cancel()) == errc::operation_canceled);
  });
}

TEST_CASE("[row 20] shutdown ends a fiber that yields and looks for a cancellation") {
  shut_down_under([] {
    while (weft::check_cancel()) {
      weft::yield();
    }
  });
}

TEST_CASE("[row 20] [row 64] shutdown waits for what is shielded") {
  shut_down_under([] {
    {
      weft::shield clean_up;
      CHECK(weft::sleep_for(10ms).has_value());
      CHECK(weft::check_cancel().has_value());
    }
    CHECK(error_of(weft::sleep_for(1h)) == errc::operation_canceled);
  });
}

TEST_CASE("[row 20] shutdown cancels a tree of fibers that join each other") {
  shut_down_under([] {
    auto child = weft::spawn([] {
      auto grandchild = weft::spawn([] { return weft::sleep_for(1h); });
      return grandchild.join();
    });
    CHECK(error_of(child.join()) == errc::operation_canceled);
  });
}

TEST_CASE("[row 20] a fiber may spawn and join while the runtime shuts down") {
  shut_down_under([] {
    CHECK(error_of(weft::sleep_for(1h)) == errc::operation_canceled);
    weft::shield clean_up;
    for (int i = 0; i < 100; ++i) {
      auto h = weft::spawn([i] {
        CHECK(error_of(weft::sleep_for(1h)) == errc::operation_canceled);
        return i;
      });
      CHECK(h.join() == i);
    }
    CHECK(weft::sleep_for(1ms).has_value());
  });
}

TEST_CASE("[row 20] shutdown drains fibers that were never run") {
  for (std::size_t i = 0; i < weft::testing::rounds(100); ++i) {
    std::atomic<int> ran = 0;
    {
      test_runtime r({.workers = 2, .background = true});
      for (int k = 0; k < 20; ++k) {
        r->spawn([&] { ++ran; }).detach();
      }
    }
    CHECK(ran == 20);
  }
}

TEST_CASE("[row 20] shutdown hears of a fiber whose callable could not be moved into it") {
  struct immovable {
    weft::runtime& house;
    std::atomic<bool>& being_moved;
    std::atomic<bool>& may_throw;

    immovable(weft::runtime& in, std::atomic<bool>& moved, std::atomic<bool>& may) noexcept
        : house(in), being_moved(moved), may_throw(may) {}
    immovable(const immovable& other)
        : house(other.house), being_moved(other.being_moved), may_throw(other.may_throw) {
      if (house.statistics().live_fibers == 0) {
        return;  // it is on its way to the fiber
      }
      being_moved = true;
      while (!may_throw) {
        std::this_thread::sleep_for(1ms);
      }
      std::this_thread::sleep_for(10ms);  // shutdown() has come to wait
      throw std::runtime_error("does not move");
    }
    void operator()() const noexcept {}
  };
  std::atomic<bool> being_moved{false};
  std::atomic<bool> may_throw{false};
  test_runtime r({.workers = 1, .background = true});
  const immovable task(*r, being_moved, may_throw);
  std::thread outsider([&] { CHECK_THROWS_AS((void)r->spawn(task), std::runtime_error); });
  while (!being_moved) {
    std::this_thread::sleep_for(1ms);
  }
  // By then the worker has given its stacks back, and nothing wakes it any more.
  std::this_thread::sleep_for(1200ms);
  may_throw = true;
  r->shutdown();
  outsider.join();
}

TEST_CASE("[row 20] a runtime whose caller never ran it still drains its fibers") {
  std::atomic<int> ran = 0;
  {
    test_runtime r({.workers = 1});
    for (int k = 0; k < 20; ++k) {
      r->spawn([&] {
         (void)weft::sleep_for(1h);
         ++ran;
       }).detach();
    }
  }
  CHECK(ran == 20);
}

TEST_CASE("[row 20] shutdown races with fibers that begin and end waits, and misses none") {
  for (std::size_t i = 0; i < weft::testing::rounds(300); ++i) {
    test_runtime r({.workers = 2, .background = true});
    for (int k = 0; k < 10; ++k) {
      r->spawn([] {
         while (weft::sleep_for(10us)) {
           weft::cancel_scope scope;
           weft::timeout_scope limit{20us};
           (void)weft::sleep_for(15us);
           auto h = weft::spawn([] { return weft::sleep_for(5us); });
           (void)h.join();
         }
       }).detach();
    }
    std::this_thread::sleep_for(std::chrono::microseconds(i * 7 % 500));
  }
}

TEST_CASE("[row 20] shutdown may be called again, and handles taken before are good after it") {
  test_runtime r({.workers = 2, .background = true});
  auto h = r->spawn([] { return weft::sleep_for(1h); });
  auto value = r->spawn([] { return 5; });
  r->shutdown();
  r->shutdown();
  CHECK(h.finished());
  CHECK(error_of(h.join()) == errc::operation_canceled);
  CHECK(value.join() == 5);
  auto stats = r->statistics();
  CHECK(stats.live_fibers == 0);
}

TEST_CASE("[row 20] what an outsider spawns into a runtime that shuts down ends, or is refused") {
  for (const bool background : {true, false}) {
    for (std::size_t i = 0; i < weft::testing::rounds(100); ++i) {
      test_runtime r({.workers = 2, .background = background});
      std::atomic<bool> refused = false;
      std::atomic<int> spawned = 0;
      std::atomic<int> ran = 0;
      std::thread outsider([&] {
        try {
          for (;; std::this_thread::sleep_for(std::chrono::microseconds(100 + i))) {
            auto h = r->spawn([&] { ++ran; });
            ++spawned;
            CHECK(h.join().has_value());
          }
        } catch (const std::system_error& error) {
          refused = error.code() == weft::errc::shutting_down;
        }
      });
      while (spawned < static_cast<int>(i % 3)) {
        std::this_thread::yield();
      }
      r->shutdown();
      outsider.join();
      CHECK(refused);
      CHECK(ran == spawned);
      CHECK_THROWS_AS((void)r->run([] {}), std::system_error);
    }
  }
}

TEST_CASE("[row 20] ten thousand parked fibers are drained at once") {
  const std::size_t count = weft::testing::rounds(10'000);
  std::atomic<std::size_t> canceled = 0;
  {
    test_runtime r({.workers = 2});
    r->run([&] {
      for (std::size_t i = 0; i < count; ++i) {
        weft::spawn([&] {
          canceled += error_of(weft::sleep_for(1h)) == errc::operation_canceled;
        }).detach();
      }
      weft::yield();
    });
  }
  CHECK(canceled == count);
}
