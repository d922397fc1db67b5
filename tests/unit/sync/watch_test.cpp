#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <support/patience.hpp>
#include <support/test_runtime.hpp>

#include <weft/runtime/cancel.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/spawn.hpp>
#include <weft/runtime/yield.hpp>
#include <weft/sync/select.hpp>
#include <weft/sync/watch.hpp>

using namespace std::chrono_literals;
using weft::watch;
using weft::testing::error_of;
using weft::testing::in_fiber;
using weft::testing::rounds;
using weft::testing::test_runtime;

TEST_CASE("[row 53] the latest value and its version are there for everyone") {
  watch<std::string> name("first");
  CHECK(name.get() == "first");
  CHECK(name.version() == 1);
  CHECK(name.set("second").has_value());
  CHECK(name.get() == "second");
  CHECK(name.version() == 2);
}

TEST_CASE("[row 53] a subscription has seen the value that was there, and waits for the next") {
  in_fiber([] {
    watch<int> number(1);
    auto changes = number.subscribe();
    CHECK_FALSE(changes.has_changed());
    CHECK(error_of(changes.changed_for(1ms)) == weft::errc::timed_out);
    auto setter = weft::spawn([&] {
      CHECK(weft::sleep_for(3ms).has_value());
      CHECK(number.set(2).has_value());
    });
    CHECK(changes.changed().has_value());
    CHECK(*changes.read() == 2);
    CHECK(error_of(changes.changed_for(1ms)) == weft::errc::timed_out);
    CHECK(setter.join().has_value());
  });
}

TEST_CASE("[row 53] who is slow sees the last value only") {
  in_fiber([] {
    watch<int> number(0);
    auto changes = number.subscribe();
    for (int i = 1; i <= 5; ++i) {
      CHECK(number.set(i).has_value());
    }
    CHECK(changes.has_changed());
    CHECK(changes.changed().has_value());
    CHECK(changes.get() == 5);
    CHECK(changes.seen() == 6);
    CHECK_FALSE(changes.has_changed());
  });
}

TEST_CASE("[row 53] read() marks the value as seen, get() of the watch does not") {
  in_fiber([] {
    watch<int> number(0);
    auto changes = number.subscribe();
    CHECK(number.set(1).has_value());
    CHECK(number.get() == 1);
    CHECK(changes.has_changed());
    CHECK(*changes.read() == 1);
    CHECK_FALSE(changes.has_changed());
    changes.mark_unseen();
    CHECK(changes.has_changed());
    CHECK(changes.changed().has_value());
    CHECK_FALSE(changes.has_changed());
  });
}

TEST_CASE("[row 53] a view stays as it is while newer values are set, and outlives the watch") {
  watch<std::string>::view old;
  {
    watch<std::string> text("the first, long enough to be on the heap");
    old = text.read();
    CHECK(text.set("the second, long enough to be on the heap").has_value());
    const auto newer = text.read();
    CHECK(text.set("the third, long enough to be on the heap").has_value());
    CHECK(*newer == "the second, long enough to be on the heap");
    CHECK(text.get() == "the third, long enough to be on the heap");
  }
  CHECK(*old == "the first, long enough to be on the heap");
  CHECK(old->size() == 40);
}

TEST_CASE("[row 53] close() lets the last value be seen, and then says closed") {
  in_fiber([] {
    watch<int> number(0);
    auto changes = number.subscribe();
    auto waiting = weft::spawn([c = number.subscribe()]() mutable {
      CHECK(c.changed().has_value());
      return c.changed();
    });
    CHECK(weft::sleep_for(2ms).has_value());
    CHECK(number.set(1).has_value());
    CHECK(weft::sleep_for(2ms).has_value());
    CHECK(number.close());
    CHECK_FALSE(number.close());
    CHECK(number.closed());
    CHECK(error_of(waiting.join()) == weft::errc::closed);
    CHECK(changes.changed().has_value());
    CHECK(error_of(changes.changed()) == weft::errc::closed);
    std::string kept = "kept";
    watch<std::string> text("x");
    text.close();
    CHECK(error_of(text.set(std::move(kept))) == weft::errc::closed);
    CHECK(kept == "kept");
  });
}

TEST_CASE("[row 53] changed() is cancelled without having seen anything") {
  in_fiber([] {
    watch<int> number(0);
    auto changes = number.subscribe();
    auto fiber = weft::spawn([&] { return changes.changed(); });
    CHECK(weft::sleep_for(2ms).has_value());
    fiber.cancel();
    CHECK(error_of(fiber.join()) == weft::errc::operation_canceled);
    CHECK(number.set(1).has_value());
    CHECK(changes.changed().has_value());
  });
}

TEST_CASE("[row 53] a change is an arm of select, and is not seen by a select that it loses") {
  in_fiber([] {
    watch<int> a(0);
    watch<int> b(0);
    auto of_a = a.subscribe();
    auto of_b = b.subscribe();
    CHECK(a.set(1).has_value());
    CHECK(b.set(1).has_value());
    CHECK(weft::select_in_order(
              weft::on(of_b.changing(), [](weft::result<void>) { return 'b'; }),
              weft::on(of_a.changing(), [](weft::result<void>) { return 'a'; })) == 'b');
    CHECK(of_a.has_changed());
    CHECK_FALSE(of_b.has_changed());
    auto setter = weft::spawn([&] {
      CHECK(weft::sleep_for(2ms).has_value());
      CHECK(b.set(2).has_value());
    });
    CHECK(of_a.changed().has_value());
    CHECK(weft::select(weft::on(of_a.changing(), [](weft::result<void>) { return 'a'; }),
                       weft::on(of_b.changing(), [](weft::result<void>) { return 'b'; })) == 'b');
    CHECK(setter.join().has_value());
  });
}

TEST_CASE("[row 53] followers on fibers and threads never see a value older than one before") {
  for (const unsigned workers : {1U, 2U, 8U}) {
    CAPTURE(workers);
    test_runtime r({.workers = workers, .background = true});
    watch<std::pair<long, long>> pair({0, 0});
    std::atomic<long> seen_last{0};
    const auto follow = [&] {
      auto changes = pair.subscribe();
      long last = 0;
      while (changes.changed()) {
        const auto now = changes.read();
        CHECK(now->first == -now->second);
        CHECK(now->first >= last);
        last = now->first;
      }
      seen_last += last;
    };
    std::vector<weft::join_handle<void>> fibers;
    for (int i = 0; i < 4; ++i) {
      fibers.push_back(r->spawn(follow));
    }
    std::thread thread(follow);
    const auto last = static_cast<long>(rounds(20'000));
    fibers.push_back(r->spawn([&] {
      CHECK(weft::sleep_for(2ms).has_value());
      for (long i = 1; i <= last; ++i) {
        CHECK(pair.set({i, -i}).has_value());
        if (i % 64 == 0) {
          weft::yield();
        }
      }
      pair.close();
    }));
    for (auto& f : fibers) {
      CHECK(f.join().has_value());
    }
    thread.join();
    // The thread may have subscribed after all was over; the fibers cannot all have.
    CHECK(seen_last.load() % last == 0);
  }
}
