#include <explore/holds.hpp>

#include <weft/runtime/detail/atomic.hpp>
#include <weft/sync/futex.hpp>

using namespace std::chrono_literals;
using weft::explore::cancel;
using weft::explore::expect;
using weft::explore::holds;
using weft::explore::together;
using word = weft::detail::atomic<std::uint32_t>;

TEST_CASE("[row 148] who changes a word and wakes is not missed") {
  holds([] {
    word ready{0};
    const auto wait = [&] {
      while (ready.load() == 0) {
        expect(weft::futex_wait(ready, 0).has_value(), "nobody cancels");
      }
    };
    together({wait, wait, [&] {
                ready.store(1);
                weft::futex_wake_all(ready);
              }});
  });
}

TEST_CASE("[row 148] a wake wakes one who is not about to give up") {
  holds([] {
    word tickets{0};
    int taken = 0;
    const auto take = [&](bool patient) {
      for (;;) {
        std::uint32_t seen = tickets.load();
        if (seen != 0 && tickets.compare_exchange_strong(seen, seen - 1)) {
          ++taken;
          return;
        }
        if (seen == 0 && !weft::futex_wait(tickets, 0) && !patient) {
          return;
        }
      }
    };
    together({[&] { take(false); }, [&] { take(true); },
              [&] {
                tickets.fetch_add(1);
                weft::futex_wake(tickets, 1);
                tickets.fetch_add(1);
                weft::futex_wake(tickets, 1);
              },
              [] { cancel(1); }});
    expect(taken == 2 - static_cast<int>(tickets.load()), "each ticket is taken once");
  });
}

TEST_CASE("[row 148] the count of a wake is the number of waits that it has ended") {
  holds(
      [] {
        word never{0};
        std::size_t woken = 0;
        std::size_t told = 0;
        const auto wait = [&] {
          const auto end = weft::futex_wait_for(never, 0, 1ms);
          woken += end && *end ? 1 : 0;
        };
        together({wait, wait, [&] { told = weft::futex_wake_all(never); }, [] { cancel(1); }});
        expect(woken == told, "each wait ends once");
      },
      {.preemptions = 2});
}
