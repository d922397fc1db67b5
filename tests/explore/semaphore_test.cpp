#include <explore/holds.hpp>

#include <weft/sync/notify.hpp>
#include <weft/sync/semaphore.hpp>

using namespace std::chrono_literals;
using weft::explore::cancel;
using weft::explore::expect;
using weft::explore::holds;
using weft::explore::together;

TEST_CASE("[row 148] a semaphore lets in as many as it has permits for, and gets them all back") {
  holds([] {
    weft::semaphore permits(2);
    int out = 0;
    const auto use = [&](std::size_t n) {
      const auto held = permits.acquire(n);
      out += static_cast<int>(n);
      expect(held.has_value() && out <= 2, "two permits are out at most");
      (void)permits.available();
      out -= static_cast<int>(n);
    };
    together({[&] { use(1); }, [&] { use(2); }, [&] { use(1); }});
    expect(permits.available() == 2, "all permits are back");
    expect(permits.waiters() == 0, "nobody is left in the queue");
  });
}

TEST_CASE("[row 148] a waiter that gives up keeps no permit and blocks nobody behind it") {
  holds(
      [] {
        weft::semaphore permits(1);
        together({[&] { (void)permits.acquire(2); }, [&] { (void)permits.acquire(1); },
                  [&] { (void)permits.acquire_for(1ms); }, [] { cancel(1); }});
        expect(permits.available() == 1, "all permits are back");
      },
      {.preemptions = 2});
  holds(
      [] {
        weft::semaphore permits(0);
        bool got = false;
        together({[&] {
                    if (auto held = permits.acquire_for(1ms)) {
                      got = true;
                      held->forget();
                    }
                  },
                  [&] { permits.release(); }, [] { cancel(1); }});
        expect(permits.available() == (got ? 0 : 1), "the permit is here or there");
      },
      {.preemptions = 3});
}

TEST_CASE("[row 148] closing a semaphore tells everyone, and loses no permit") {
  holds([] {
    weft::semaphore permits(1);
    int refused = 0;
    const auto use = [&] {
      const auto held = permits.acquire();
      refused += held ? 0 : 1;
      expect(held || held.error() == weft::errc::closed, "nothing but the close refuses");
    };
    together({use, use, [&] { permits.close(); }});
    expect(permits.available() == 1, "all permits are back");
    expect(permits.waiters() == 0, "nobody is left in the queue");
  });
}

TEST_CASE("[row 148] a notification finds a waiter or stays, once") {
  holds(
      [] {
        weft::notify bell;
        together({[&] { expect(bell.wait().has_value(), "nobody cancels"); },
                  [&] { bell.notify_one(); }});
        expect(!bell.try_wait(), "the notification was used up");
      },
      {.preemptions = 3});
}

TEST_CASE("[row 148] a wait that fails uses up no notification") {
  holds([] {
    weft::notify bell;
    bool told = false;
    together({[&] { told = bell.wait_for(1ms).has_value(); }, [&] { bell.notify_one(); },
              [] { cancel(1); }});
    expect(bell.try_wait() != told, "the notification was used or is still there");
  });
  holds([] {
    weft::notify bell;
    int told = 0;
    const auto wait = [&] { told += bell.wait_for(1ms).has_value() ? 1 : 0; };
    together({wait, wait, [&] {
                bell.notify_one();
                bell.notify_one();
              }});
    told += bell.try_wait() ? 1 : 0;
    expect(told == 1 || told == 2, "two notifications, which may become one permit");
  });
}

TEST_CASE("[row 148] notify_all tells those who wait and leaves nothing") {
  holds([] {
    weft::notify bell;
    const auto wait = [&] { (void)bell.wait_for(1ms); };
    together({wait, wait, [&] { bell.notify_all(); }});
    expect(!bell.try_wait(), "no permit");
    expect(bell.waiters() == 0, "nobody is left in the queue");
  });
}
