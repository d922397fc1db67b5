#include <atomic>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>
#include <support/patience.hpp>
#include <support/test_runtime.hpp>

#include <weft/runtime/cancel.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/spawn.hpp>
#include <weft/runtime/yield.hpp>

using namespace std::chrono_literals;
using weft::errc;
using weft::testing::error_of;
using weft::testing::in_fiber;

namespace {

void compute_for(weft::duration time) {
  const auto end = weft::clock::now() + time;
  while (weft::clock::now() < end) {
  }
}

/// What holds for a timeout_scope in fibers on one and two workers and in plain threads.
template <class F>
void everywhere(F f) {
  f();
  in_fiber(f, {.workers = 1});
  in_fiber(f, {.workers = 2});
}

}  // namespace

TEST_CASE("[row 66] a wait inside ends at the deadline, not before, and says timed_out") {
  everywhere([] {
    const auto start = weft::clock::now();
    weft::timeout_scope limit{5ms};
    CHECK(limit.deadline() >= start + 5ms);
    CHECK_FALSE(limit.is_expired());
    CHECK(error_of(weft::sleep_for(1h)) == errc::timed_out);
    CHECK(weft::clock::now() >= limit.deadline());
    CHECK(limit.is_expired());
    CHECK(error_of(weft::sleep_for(1h)) == errc::timed_out);
    CHECK(weft::why_canceled()->code == errc::timed_out);
    CHECK(weft::why_canceled()->reason == std::string_view("the timeout_scope's deadline passed"));
    CHECK(weft::why_canceled()->canceled_by == 0);
  });
}

TEST_CASE("[row 66] a scope that is left in time changes nothing afterwards") {
  everywhere([] {
    {
      weft::timeout_scope limit{2ms};
      CHECK(weft::check_cancel().has_value());
    }
    CHECK(weft::sleep_for(5ms).has_value());
  });
}

TEST_CASE("[row 66] one deadline covers several waits") {
  everywhere([] {
    weft::timeout_scope limit{20ms};
    int waits = 0;
    while (weft::sleep_for(3ms)) {
      ++waits;
    }
    CHECK(waits >= 1);
    CHECK(waits <=
          12);  // six, but for a busy machine on which a sleep and the deadline end at once
    CHECK(limit.is_expired());
  });
}

TEST_CASE("a scope with no time left has expired at entry") {
  everywhere([] {
    for (const weft::duration limit : {0ns, -1ns, weft::duration::min()}) {
      weft::timeout_scope none{limit};
      CHECK(none.is_expired());
      CHECK(error_of(weft::check_cancel()) == errc::timed_out);
      CHECK(error_of(weft::sleep_for(0ns)) == errc::timed_out);
      CHECK_FALSE(none.reset(1h));
    }
    weft::timeout_scope past{weft::clock::now() - 1s};
    CHECK(past.is_expired());
  });
}

TEST_CASE("a scope without end never expires") {
  everywhere([] {
    weft::timeout_scope endless{weft::duration::max()};
    CHECK(endless.deadline() == weft::forever);
    CHECK(weft::sleep_for(2ms).has_value());
    CHECK(endless.reset(3ms));
    CHECK(error_of(weft::sleep_for(1h)) == errc::timed_out);
  });
}

TEST_CASE("[row 66] of nested deadlines the earliest wins and is told apart") {
  everywhere([] {
    {
      weft::timeout_scope outer{1h};
      {
        weft::timeout_scope inner{3ms};
        CHECK(error_of(weft::sleep_for(2h)) == errc::timed_out);
        CHECK(inner.is_expired());
        CHECK_FALSE(outer.is_expired());
      }
      CHECK(weft::sleep_for(1ms).has_value());
    }
    weft::timeout_scope outer{3ms};
    {
      weft::timeout_scope inner{1h};
      CHECK(error_of(weft::sleep_for(2h)) == errc::timed_out);
      CHECK_FALSE(inner.is_expired());
      CHECK(outer.is_expired());
    }
    CHECK(error_of(weft::check_cancel()) == errc::timed_out);
  });
}

TEST_CASE("[row 66] a deadline that passes after the scope was ended otherwise is no expiry") {
  everywhere([] {
    {
      weft::cancel_scope outer;
      weft::timeout_scope limit{3ms};
      outer.cancel();
      weft::shield rest;
      CHECK(weft::sleep_for(8ms).has_value());
      CHECK_FALSE(limit.is_expired());
    }
    weft::timeout_scope outer{2ms};
    weft::timeout_scope inner{6ms};
    CHECK(error_of(weft::sleep_for(1h)) == errc::timed_out);
    weft::shield rest;
    CHECK(weft::sleep_for(10ms).has_value());
    CHECK(outer.is_expired());
    CHECK_FALSE(inner.is_expired());
  });
}

TEST_CASE("[row 66] a cancellation from outside comes through as a cancellation") {
  in_fiber([] {
    auto h = weft::spawn([] {
      weft::timeout_scope limit{1h};
      const auto end = weft::sleep_for(2h);
      CHECK_FALSE(limit.is_expired());
      return end;
    });
    CHECK(weft::sleep_for(1ms).has_value());
    h.cancel();
    CHECK(error_of(h.join()) == errc::operation_canceled);
  });
}

TEST_CASE("reset() moves the deadline both ways while there is one") {
  everywhere([] {
    weft::timeout_scope limit{5ms};
    CHECK(limit.reset(1h));
    CHECK(weft::sleep_for(10ms).has_value());
    const auto start = weft::clock::now();
    CHECK(limit.reset(4ms));
    CHECK(limit.deadline() >= start + 4ms);
    CHECK(error_of(weft::sleep_for(1h)) == errc::timed_out);
    CHECK(weft::clock::now() - start >= 4ms);
    CHECK_FALSE(limit.reset(1h));
    CHECK(error_of(weft::check_cancel()) == errc::timed_out);
  });
}

TEST_CASE("reset() to no time at all expires the scope") {
  everywhere([] {
    weft::timeout_scope limit{1h};
    CHECK_FALSE(limit.reset(0ns));
    CHECK(limit.is_expired());
    CHECK(error_of(weft::check_cancel()) == errc::timed_out);
  });
}

TEST_CASE("reset() cannot undo a cancellation") {
  everywhere([] {
    weft::cancel_scope outer;
    weft::timeout_scope limit{1h};
    outer.cancel();
    CHECK_FALSE(limit.reset(1ms));
    CHECK(error_of(weft::check_cancel()) == errc::operation_canceled);
    CHECK_FALSE(limit.is_expired());
  });
}

TEST_CASE("a loop that computes and never suspends sees its deadline in check_cancel()") {
  everywhere([] {
    const auto start = weft::clock::now();
    weft::timeout_scope limit{5ms};
    while (weft::check_cancel() && weft::clock::now() - start < 5s) {
    }
    CHECK(error_of(weft::check_cancel()) == errc::timed_out);
    CHECK(limit.is_expired());
    CHECK(weft::clock::now() - start >= 5ms);
  });
}

TEST_CASE("a loop that computes sees the deadline of a scope further out") {
  everywhere([] {
    const auto start = weft::clock::now();
    weft::timeout_scope outer{5ms};
    weft::cancel_scope middle;
    weft::timeout_scope inner{1h};
    while (weft::check_cancel() && weft::clock::now() - start < 5s) {
    }
    CHECK(error_of(weft::check_cancel()) == errc::timed_out);
    CHECK(outer.is_expired());
    CHECK_FALSE(inner.is_expired());
  });
}

TEST_CASE("[row 64] a loop that computes under a shield does not see the deadline around it") {
  everywhere([] {
    weft::timeout_scope limit{1ms};
    {
      weft::shield clean_up;
      compute_for(3ms);
      CHECK(weft::check_cancel().has_value());
    }
    CHECK(error_of(weft::check_cancel()) == errc::timed_out);
  });
}

TEST_CASE("a wait that begins after the deadline fails, though no timer had time to fire") {
  everywhere([] {
    weft::timeout_scope limit{1ms};
    compute_for(3ms);
    CHECK(error_of(weft::sleep_for(1h)) == errc::timed_out);
  });
}

TEST_CASE("a scope entered on one worker is left on another") {
  in_fiber(
      [] {
        for (std::size_t i = 0; i < weft::testing::rounds(500); ++i) {
          std::vector<weft::join_handle<void>> handles;
          for (int k = 0; k < 8; ++k) {
            handles.push_back(weft::spawn([k] {
              weft::timeout_scope limit{k % 2 == 0 ? weft::duration(300us) : weft::duration(1h)};
              for (int turn = 0; turn < 10; ++turn) {
                (void)weft::sleep_for(40us);
                weft::yield();
              }
            }));
          }
          for (auto& h : handles) {
            CHECK(h.join().has_value());
          }
        }
      },
      {.workers = 4});
}
