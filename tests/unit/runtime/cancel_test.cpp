#include <atomic>
#include <csignal>
#include <cstdint>
#include <memory>
#include <string_view>
#include <thread>
#include <type_traits>

#include <doctest/doctest.h>
#include <support/child.hpp>
#include <support/test_runtime.hpp>

#include <weft/runtime/cancel.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/spawn.hpp>
#include <weft/runtime/this_fiber.hpp>
#include <weft/runtime/yield.hpp>

using namespace std::chrono_literals;
using weft::errc;
using weft::testing::error_of;
using weft::testing::in_fiber;
using weft::testing::run_child;
using weft::testing::test_runtime;

TEST_CASE("[row 63] every wait inside a cancelled scope fails until the scope is left") {
  in_fiber([] {
    {
      weft::cancel_scope scope;
      CHECK_FALSE(scope.is_canceled());
      CHECK(weft::check_cancel().has_value());
      CHECK(weft::sleep_for(1ms).has_value());
      scope.cancel();
      CHECK(scope.is_canceled());
      for (int i = 0; i < 3; ++i) {
        CHECK(error_of(weft::sleep_for(1h)) == errc::operation_canceled);
        CHECK(error_of(weft::check_cancel()) == errc::operation_canceled);
      }
      scope.cancel();
      CHECK(error_of(weft::check_cancel()) == errc::operation_canceled);
    }
    CHECK(weft::check_cancel().has_value());
    CHECK(weft::sleep_for(1ms).has_value());
    CHECK_FALSE(weft::why_canceled().has_value());
  });
}

TEST_CASE("[row 63] a scope is cancelled by another fiber and by a plain thread") {
  in_fiber([] {
    {
      weft::cancel_scope scope;
      auto other = weft::spawn([&] { scope.cancel(); });
      CHECK(error_of(weft::sleep_for(1h)) == errc::operation_canceled);
      weft::shield to_join;
      CHECK(other.join().has_value());
    }
    weft::cancel_scope scope;
    std::jthread thread([&] {
      std::this_thread::sleep_for(2ms);
      scope.cancel();
    });
    CHECK(error_of(weft::sleep_for(1h)) == errc::operation_canceled);
  });
}

TEST_CASE("cancelling an inner scope leaves the outer one alone") {
  in_fiber([] {
    weft::cancel_scope outer;
    {
      weft::cancel_scope inner;
      inner.cancel();
      CHECK(error_of(weft::check_cancel()) == errc::operation_canceled);
      CHECK_FALSE(outer.is_canceled());
    }
    CHECK(weft::sleep_for(1ms).has_value());
  });
}

TEST_CASE("cancelling an outer scope cancels what is inside, also what is entered later") {
  in_fiber([] {
    weft::cancel_scope outer;
    {
      weft::cancel_scope inner;
      outer.cancel();
      CHECK(inner.is_canceled());
      CHECK(error_of(weft::check_cancel()) == errc::operation_canceled);
    }
    {
      weft::cancel_scope later;
      CHECK(later.is_canceled());
      CHECK(error_of(weft::sleep_for(1h)) == errc::operation_canceled);
    }
    CHECK(error_of(weft::check_cancel()) == errc::operation_canceled);
  });
}

TEST_CASE("[row 64] a shield holds a cancellation off until it is left") {
  in_fiber([] {
    weft::cancel_scope scope;
    scope.cancel();
    {
      weft::shield clean_up;
      CHECK(weft::check_cancel().has_value());
      CHECK(weft::sleep_for(1ms).has_value());
      CHECK_FALSE(weft::why_canceled().has_value());
    }
    CHECK(error_of(weft::sleep_for(1h)) == errc::operation_canceled);
  });
}

TEST_CASE("[row 64] a cancellation that comes while shielded is felt afterwards") {
  in_fiber([] {
    weft::cancel_scope scope;
    auto canceler = weft::spawn([&] { scope.cancel(); });
    {
      weft::shield clean_up;
      CHECK(weft::sleep_for(5ms).has_value());
      CHECK(canceler.join().has_value());
      CHECK(weft::check_cancel().has_value());
    }
    CHECK(error_of(weft::check_cancel()) == errc::operation_canceled);
  });
}

TEST_CASE("[row 64] scopes inside a shield work as usual") {
  in_fiber([] {
    weft::cancel_scope scope;
    scope.cancel();
    weft::shield clean_up;
    {
      weft::timeout_scope bound{3ms};
      CHECK(error_of(weft::sleep_for(1h)) == errc::timed_out);
    }
    weft::cancel_scope inner;
    inner.cancel();
    CHECK(error_of(weft::check_cancel()) == errc::operation_canceled);
    weft::shield deeper;
    CHECK(weft::sleep_for(1ms).has_value());
  });
}

TEST_CASE("[row 64] a shield holds off the cancellation of the fiber itself") {
  in_fiber([] {
    std::atomic<bool> shielded = false;
    auto h = weft::spawn([&]() -> weft::result<void> {
      {
        weft::shield clean_up;
        shielded = true;
        CHECK(weft::sleep_for(5ms).has_value());
      }
      return weft::check_cancel();
    });
    while (!shielded) {
      weft::yield();
    }
    h.cancel();
    CHECK(error_of(h.join()) == errc::operation_canceled);
  });
}

TEST_CASE("why_canceled() tells the cause and who did it") {
  in_fiber([] {
    CHECK_FALSE(weft::why_canceled().has_value());
    weft::cancel_scope scope;
    auto other = weft::spawn([&] {
      scope.cancel("the user pressed stop");
      return weft::this_fiber::id();
    });
    CHECK(error_of(weft::sleep_for(1h)) == errc::operation_canceled);
    const auto cause = weft::why_canceled();
    REQUIRE(cause.has_value());
    CHECK(cause->code == errc::operation_canceled);
    CHECK(cause->reason == std::string_view("the user pressed stop"));
    weft::shield to_join;
    CHECK(other.join() == cause->canceled_by);
  });
}

TEST_CASE("the first cause is the one that stays") {
  in_fiber([] {
    weft::cancel_scope outer;
    weft::cancel_scope inner;
    inner.cancel("first");
    inner.cancel("second");
    outer.cancel("third");
    CHECK(weft::why_canceled()->reason == std::string_view("first"));
    CHECK(weft::why_canceled()->canceled_by == weft::this_fiber::id());
    {
      weft::cancel_scope heir;
      CHECK(weft::why_canceled()->reason == std::string_view("first"));
    }
  });
}

TEST_CASE("a handle and a plain thread are named as causes") {
  in_fiber([] {
    std::string_view reason;
    std::uint64_t by = 1;
    const auto look = [&] {
      (void)weft::sleep_for(1h);
      reason = weft::why_canceled()->reason;
      by = weft::why_canceled()->canceled_by;
    };
    auto canceled = weft::spawn(look);
    canceled.cancel();
    CHECK(canceled.join().has_value());
    CHECK(reason == "the fiber's join_handle was cancelled");
    CHECK(by == weft::this_fiber::id());
    {
      auto dropped = weft::spawn(look);
    }
    CHECK(reason == "the fiber's join_handle was dropped");
    auto from_thread = weft::spawn(look);
    std::thread([&] { from_thread.cancel(); }).join();
    CHECK(from_thread.join().has_value());
    CHECK(by == 0);
  });
}

TEST_CASE("scopes work in plain threads") {
  CHECK(weft::check_cancel().has_value());
  {
    weft::cancel_scope scope;
    scope.cancel("by itself");
    CHECK(error_of(weft::check_cancel()) == errc::operation_canceled);
    CHECK(error_of(weft::sleep_for(1h)) == errc::operation_canceled);
    CHECK(weft::why_canceled()->reason == std::string_view("by itself"));
    weft::shield clean_up;
    CHECK(weft::check_cancel().has_value());
    CHECK(weft::sleep_for(1ms).has_value());
  }
  CHECK(weft::sleep_for(1ms).has_value());
}

TEST_CASE("a fiber cancels a plain thread's scope, and a thread another thread's") {
  test_runtime r({.workers = 1, .background = true});
  for (int i = 0; i < 50; ++i) {
    weft::cancel_scope scope;
    auto fiber = r->spawn([&] {
      (void)weft::sleep_for(100us);
      scope.cancel();
    });
    CHECK(error_of(weft::sleep_for(1h)) == errc::operation_canceled);
    weft::shield to_join;
    CHECK(fiber.join().has_value());
  }
  for (int i = 0; i < 50; ++i) {
    weft::cancel_scope scope;
    std::jthread other([&] { scope.cancel(); });
    CHECK(error_of(weft::sleep_for(1h)) == errc::operation_canceled);
  }
}

TEST_CASE("a fiber that is spawned in a scope does not belong to it") {
  in_fiber([] {
    weft::cancel_scope scope;
    auto h = weft::spawn([] { return weft::sleep_for(2ms); });
    scope.cancel();
    weft::shield to_join;
    CHECK(h.join().has_value());
  });
}

TEST_CASE("scopes are neither copied nor moved") {
  CHECK_FALSE(std::is_copy_constructible_v<weft::cancel_scope>);
  CHECK_FALSE(std::is_move_constructible_v<weft::cancel_scope>);
  CHECK_FALSE(std::is_copy_constructible_v<weft::timeout_scope>);
  CHECK_FALSE(std::is_copy_constructible_v<weft::shield>);
}

TEST_CASE("child: scopes are left in the wrong order" * doctest::skip()) {
  weft::testing::become_plain_program();
  auto outer = std::make_unique<weft::cancel_scope>();
  const weft::cancel_scope inner;
  outer.reset();
}

TEST_CASE("scopes left in the wrong order end the program with a sentence") {
  const auto end = run_child("child: scopes are left in the wrong order");
  INFO(end.output);
  CHECK(end.was_killed_by(SIGABRT));
  CHECK(end.says("weft: scopes must be left in the reverse order of entering"));
}
