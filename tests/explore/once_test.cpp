#include <system_error>

#include <explore/holds.hpp>

#include <weft/sync/once_cell.hpp>
#include <weft/sync/once_flag.hpp>

using weft::explore::cancel;
using weft::explore::expect;
using weft::explore::holds;
using weft::explore::together;

namespace {

const auto refused = std::make_error_code(std::errc::permission_denied);

}  // namespace

TEST_CASE("[row 148] of many calls one runs, and all see what it did") {
  holds([] {
    weft::once_flag flag;
    weft::detail::atomic<int> made{0};
    const auto call = [&] {
      const auto called = weft::call_once(flag, [&] { made.fetch_add(1); });
      expect(called.has_value() && made.load() == 1, "it was done once");
    };
    together({call, call, call});
  });
}

TEST_CASE("[row 148] where a call fails the next one tries") {
  holds([] {
    weft::once_flag flag;
    weft::detail::atomic<int> running{0};
    int tries = 0;
    int failures = 0;
    const auto call = [&] {
      const auto called = weft::call_once(flag, [&]() -> weft::result<void> {
        expect(running.fetch_add(1) == 0, "one runs at a time");
        const int nth = ++tries;
        running.fetch_sub(1);
        return nth == 1 ? weft::result<void>(weft::fail(refused)) : weft::result<void>();
      });
      failures += called ? 0 : 1;
    };
    together({call, call, call});
    expect(failures == 1 && tries == 2, "the first fails, the second does it");
    expect(flag.is_done(), "it is done");
  });
}

TEST_CASE("[row 148] a caller that is cancelled while it waits leaves the turn to the next") {
  holds(
      [] {
        weft::once_flag flag;
        int tries = 0;
        int done = 0;
        const auto call = [&] {
          const auto called = weft::call_once(flag, [&]() -> weft::result<void> {
            ++tries;
            (void)flag.is_done();
            return tries == 1 ? weft::result<void>(weft::fail(refused)) : weft::result<void>();
          });
          done += called ? 1 : 0;
        };
        together({call, call, call, [] { cancel(2); }});
        expect(done > 0 && flag.is_done(), "someone has done it");
      },
      {.preemptions = 2});
}

TEST_CASE("[row 148] an exception of a call passes the turn on") {
  holds([] {
    weft::once_flag flag;
    int tries = 0;
    int thrown = 0;
    const auto call = [&] {
      try {
        (void)weft::call_once(flag, [&] {
          if (++tries == 1) {
            throw 1;
          }
        });
      } catch (int) {
        ++thrown;
      }
    };
    together({call, call});
    expect(thrown == 1 && tries == 2 && flag.is_done(), "the first throws, the second does it");
  });
}

TEST_CASE("[row 148] a once_cell holds one value, whoever made it") {
  holds([] {
    weft::once_cell<int> cell;
    int made = 0;
    const auto need = [&] {
      const auto found = cell.get_or_make([&]() -> weft::result<int> {
        return ++made == 1 ? weft::result<int>(weft::fail(refused)) : weft::result<int>(made);
      });
      expect(!found || **found >= 2, "a value that was made");
    };
    together({need, need, [&] { (void)cell.set(7); }});
    expect(cell.get() && (*cell.get() == 7 || *cell.get() == 2), "it has the first value made");
  });
}
