#include <atomic>
#include <cstddef>
#include <stdexcept>
#include <thread>

#include <doctest/doctest.h>

#include <weft/runtime/cancel.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/yield.hpp>
#include <weft/sync/event.hpp>
#include <weft/sync/task_group.hpp>

#include "../../support/patience.hpp"
#include "../../support/test_runtime.hpp"

namespace weft::testing {

namespace {

using namespace std::chrono_literals;

result<void> fail_after(duration wait) {
  (void)sleep_for(wait);
  return fail(std::make_error_code(std::errc::protocol_error));
}

TEST_CASE("[row 61] wait returns when all tasks have ended") {
  in_fiber([] {
    task_group group;
    std::atomic<int> ended{0};
    for (int i = 0; i < 100; ++i) {
      group.spawn([&ended](int naps) { ended += sleep_for(naps * 10us).has_value(); }, i);
    }
    CHECK(group.wait());
    CHECK(ended == 100);
    CHECK(group.size() == 0);
    CHECK(group.wait());  // an empty group has nothing to wait for
  });
}

TEST_CASE("[row 61] the first error cancels the others and is what wait returns") {
  in_fiber([] {
    task_group group;
    std::atomic<int> canceled{0};
    for (int i = 0; i < 10; ++i) {
      group.spawn([&canceled] { canceled += error_of(sleep_for(1h)) == errc::operation_canceled; });
    }
    group.spawn(fail_after, 1ms);
    CHECK(error_of(group.wait()) == std::errc::protocol_error);
    CHECK(canceled == 10);
  });
}

TEST_CASE("[row 61] a group that keeps going lets the others finish") {
  in_fiber([] {
    task_group group{on_error::keep_going};
    std::atomic<int> finished{0};
    group.spawn(fail_after, 0ms);
    for (int i = 0; i < 10; ++i) {
      group.spawn([&finished] { finished += sleep_for(5ms).has_value(); });
    }
    CHECK(error_of(group.wait()) == std::errc::protocol_error);
    CHECK(finished == 10);
  });
}

TEST_CASE("[row 32] [row 61] wait rethrows the first exception") {
  in_fiber([] {
    task_group group;
    group.spawn([]() -> result<void> { throw std::runtime_error("first"); });
    CHECK_THROWS_WITH_AS((void)group.wait(), "first", std::runtime_error);
    CHECK(group.wait());
  });
}

TEST_CASE("[row 61] a group can be used again after wait, also after it was cancelled") {
  in_fiber([] {
    task_group group;
    group.spawn([] { (void)sleep_for(1h); });
    group.cancel();
    CHECK(group.wait());
    bool ran_freely = false;
    group.spawn([&] { ran_freely = sleep_for(1ms).has_value(); });
    CHECK(group.wait());
    CHECK(ran_freely);
  });
}

TEST_CASE("[row 61] destroying a group cancels its tasks and joins them") {
  in_fiber([] {
    std::atomic<int> ended{0};
    {
      task_group group;
      for (int i = 0; i < 10; ++i) {
        group.spawn([&ended] {
          (void)sleep_for(1h);
          const shield farewell;
          (void)sleep_for(1ms);
          ++ended;
        });
      }
    }
    CHECK(ended == 10);
  });
}

TEST_CASE("[row 61] the scope in which a group was made reaches its tasks") {
  in_fiber([] {
    timeout_scope limit(5ms);
    task_group group{on_error::keep_going};
    std::error_code seen;
    group.spawn([&seen] { seen = error_of(sleep_for(1h)); });
    CHECK(error_of(group.wait()) == errc::timed_out);
    {
      const shield patience;
      CHECK(group.wait());
    }
    CHECK(seen == errc::timed_out);
  });
}

TEST_CASE("[row 61] a wait that times out leaves the tasks to the group") {
  in_fiber([] {
    task_group group;
    group.spawn([] { (void)sleep_for(20ms); });
    {
      timeout_scope limit(1ms);
      CHECK(error_of(group.wait()) == errc::timed_out);
    }
    CHECK(group.size() == 1);
    CHECK(group.wait());
  });
}

TEST_CASE("[row 61] a wait has a limit of its own, and zero or less is no wait") {
  in_fiber([] {
    weft::event end;
    weft::task_group group;
    group.spawn([&] { return end.wait(); });
    CHECK(error_of(group.wait_for(1ms)) == errc::timed_out);
    CHECK(error_of(group.wait_for(0ms)) == errc::timed_out);
    CHECK(error_of(group.wait_until(weft::time_point::min())) == errc::timed_out);
    CHECK(group.size() == 1);
    end.set();
    CHECK(group.wait_for(1h).has_value());
    CHECK(group.wait_for(-1h).has_value());
  });
}

TEST_CASE("[row 61] a wait that is cut short keeps the failures for the next") {
  in_fiber([] {
    weft::event end;
    weft::task_group group{weft::on_error::collect};
    group.spawn([]() -> weft::result<void> { return weft::fail(errc::closed); });
    group.spawn([&] { return end.wait(); });
    CHECK(error_of(group.wait_for(1ms)) == errc::timed_out);
    CHECK(group.failures().empty());
    {
      weft::cancel_scope scope;
      weft::spawn([&] { scope.cancel(); }).detach();
      CHECK(error_of(group.wait()) == errc::operation_canceled);
    }
    end.set();
    CHECK(error_of(group.wait()) == errc::closed);
    CHECK(group.failures().size() == 1);
  });
}

TEST_CASE("[row 61] tasks may spawn into their own group") {
  in_fiber([] {
    task_group group;
    std::atomic<int> ran{0};
    group.spawn([&] {
      for (int i = 0; i < 100; ++i) {
        group.spawn([&ran] { ++ran; });
      }
    });
    CHECK(group.wait());
    CHECK(ran == 100);
  });
}

TEST_CASE("[row 61] another thread may cancel a group") {
  in_fiber([] {
    task_group group;
    group.spawn([] { (void)sleep_for(1h); });
    std::thread other([&group] { group.cancel(); });
    CHECK(group.wait());
    other.join();
  });
}

TEST_CASE("[row 61] another thread may cancel a group while it becomes as new") {
  in_fiber([] {
    task_group group;
    std::atomic<bool> over{false};
    std::thread canceler([&] {
      while (!over) {
        group.cancel("again");
        std::this_thread::yield();
      }
    });
    for (std::size_t i = 0; i < rounds(5000); ++i) {
      group.spawn([] { yield(); });
      CHECK(group.wait());
    }
    over = true;
    canceler.join();
  });
}

}  // namespace

}  // namespace weft::testing
