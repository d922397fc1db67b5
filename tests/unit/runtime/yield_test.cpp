#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <numeric>
#include <string>
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
using weft::testing::error_of;
using weft::testing::in_fiber;

namespace {

void compute_for(weft::duration time) {
  const auto end = weft::clock::now() + time;
  while (weft::clock::now() < end) {
  }
}

}  // namespace

TEST_CASE("spawned fibers run in the order of spawning") {
  in_fiber(
      [] {
        std::vector<int> order;
        std::vector<weft::join_handle<void>> handles;
        for (int i = 0; i < 1000; ++i) {
          handles.push_back(weft::spawn([&order, i] { order.push_back(i); }));
        }
        CHECK(order.empty());
        for (auto& h : handles) {
          CHECK(h.join().has_value());
        }
        std::vector<int> expected(1000);
        std::iota(expected.begin(), expected.end(), 0);
        CHECK(order == expected);
      },
      {.workers = 1});
}

TEST_CASE("yield lets each ready fiber run once before the caller runs again") {
  in_fiber(
      [] {
        std::string order;
        auto a = weft::spawn([&] {
          for (int i = 0; i < 3; ++i) {
            order += 'a';
            weft::yield();
          }
        });
        auto b = weft::spawn([&] {
          for (int i = 0; i < 3; ++i) {
            order += 'b';
            weft::yield();
          }
        });
        CHECK(a.join().has_value());
        CHECK(b.join().has_value());
        CHECK(order == "ababab");
      },
      {.workers = 1});
}

TEST_CASE(
    "[row 5] more fibers than a ring holds all get their turn, none twice before the others") {
  static constexpr int fibers = 2000;
  static constexpr int turns = 5;
  in_fiber(
      [] {
        std::vector<int> had(fibers);
        int most_ahead = 0;
        int done = 0;
        std::vector<weft::join_handle<void>> handles;
        for (int i = 0; i < fibers; ++i) {
          handles.push_back(weft::spawn([&, i] {
            for (int turn = 0; turn < turns; ++turn) {
              ++had[static_cast<std::size_t>(i)];
              const int least = *std::min_element(had.begin(), had.end());
              most_ahead = std::max(most_ahead, turn + 1 - least);
              weft::yield();
            }
            ++done;
          }));
        }
        for (auto& h : handles) {
          CHECK(h.join().has_value());
        }
        CHECK(done == fibers);
        CHECK(most_ahead <= 2);
      },
      {.workers = 1});
}

TEST_CASE("yield returns at once when no one else is ready, also in a plain thread") {
  weft::yield();
  in_fiber(
      [] {
        for (int i = 0; i < 100'000; ++i) {
          weft::yield();
        }
      },
      {.workers = 1});
}

TEST_CASE("woken fibers run in the order in which they were woken") {
  namespace detail = weft::detail;
  static constexpr std::size_t count = 100;
  in_fiber(
      [] {
        std::vector<detail::wait_token> tokens(count);
        std::vector<std::size_t> order;
        std::vector<weft::join_handle<void>> handles;
        for (std::size_t i = 0; i < count; ++i) {
          handles.push_back(weft::spawn([&, i] {
            tokens[i] = detail::begin_wait_uncancelable();
            detail::park(tokens[i], weft::forever, "the test");
            order.push_back(i);
          }));
        }
        weft::yield();
        for (const auto& token : tokens) {
          CHECK(detail::unpark(token));
          CHECK_FALSE(detail::unpark(token));
        }
        for (auto& h : handles) {
          CHECK(h.join().has_value());
        }
        std::vector<std::size_t> expected(count);
        std::iota(expected.begin(), expected.end(), 0U);
        CHECK(order == expected);
      },
      {.workers = 1});
}

TEST_CASE("[row 6] two fibers that keep waking each other do not starve a third") {
  namespace detail = weft::detail;
  in_fiber(
      [] {
        struct side {
          detail::wait_token token;
          bool waiting = false;
        };
        std::array<side, 2> sides;
        bool stop = false;
        std::size_t rounds = 0;
        const auto player = [&](std::size_t me) {
          while (!stop) {
            ++rounds;
            sides[me].token = detail::begin_wait_uncancelable();
            sides[me].waiting = true;
            side& other = sides[1 - me];
            if (other.waiting) {
              other.waiting = false;
              detail::unpark(other.token);
            }
            detail::park(sides[me].token, weft::forever, "the other player");
          }
          if (sides[1 - me].waiting) {
            sides[1 - me].waiting = false;
            detail::unpark(sides[1 - me].token);
          }
        };
        auto a = weft::spawn(player, 0U);
        auto b = weft::spawn(player, 1U);
        auto third = weft::spawn([&] {
          for (int i = 0; i < 100; ++i) {
            weft::yield();
          }
          stop = true;
          return rounds;
        });
        const std::size_t before_stop = third.join().value();
        CHECK(before_stop >= 50);
        CHECK(before_stop < 100 * 64);
        CHECK(a.join().has_value());
        CHECK(b.join().has_value());
      },
      {.workers = 1});
}

TEST_CASE("[row 8] maybe_yield keeps a fiber going within its time slice and yields after it") {
  in_fiber(
      [] {
        bool other_ran = false;
        auto other = weft::spawn([&] { other_ran = true; });
        CHECK(weft::maybe_yield().has_value());
        CHECK_FALSE(other_ran);
        compute_for(5ms);
        CHECK(weft::maybe_yield().has_value());
        CHECK(other_ran);
        CHECK(other.join().has_value());
      },
      {.workers = 1});
}

TEST_CASE("[row 8] maybe_yield reports a cancellation and a deadline of scopes around it") {
  in_fiber(
      [] {
        {
          weft::cancel_scope scope;
          CHECK(weft::maybe_yield().has_value());
          scope.cancel();
          CHECK(error_of(weft::maybe_yield()) == weft::errc::operation_canceled);
        }
        const auto start = weft::clock::now();
        weft::timeout_scope limit{5ms};
        while (weft::maybe_yield()) {
        }
        CHECK(error_of(weft::maybe_yield()) == weft::errc::timed_out);
        CHECK(weft::clock::now() - start >= 5ms);
      },
      {.workers = 1});
  CHECK(weft::maybe_yield().has_value());
}

TEST_CASE(
    "[row 8] on one worker, a fiber that computes with maybe_yield holds up no timer for long") {
  in_fiber(
      [] {
        std::atomic<bool> stop = false;
        auto busy = weft::spawn([&] {
          while (!stop) {
            CHECK(weft::maybe_yield().has_value());
          }
        });
        weft::duration worst{};
        for (int i = 0; i < 20; ++i) {
          const auto due = weft::clock::now() + 1ms;
          CHECK(weft::sleep_until(due).has_value());
          worst = std::max<weft::duration>(worst, weft::clock::now() - due);
        }
        stop = true;
        CHECK(busy.join().has_value());
        INFO("worst delay: " << std::chrono::duration<double, std::milli>(worst).count() << " ms");
        CHECK(worst < (weft::testing::sanitized ? 200ms : 60ms));
      },
      {.workers = 1});
}

TEST_CASE("[row 7] a fiber whose operations never wait yields after its budget") {
  in_fiber(
      [] {
        bool other_ran = false;
        auto other = weft::spawn([&] { other_ran = true; });
        std::size_t operations = 0;
        for (; !other_ran && operations < 10'000; ++operations) {
          weft::detail::consume_budget();
        }
        CHECK(other_ran);
        CHECK(operations > 1);
        CHECK(operations <= 1000);
        CHECK(other.join().has_value());
      },
      {.workers = 1});
  weft::detail::consume_budget();
}

TEST_CASE("[row 10] a fiber left behind by one that computes is run by an idle worker") {
  in_fiber(
      [] {
        std::atomic<bool> ran = false;
        auto left = weft::spawn([&] { ran = true; });
        const auto give_up = weft::clock::now() + 5s;
        while (!ran && weft::clock::now() < give_up) {
        }
        CHECK(ran);
        CHECK(left.join().has_value());
      },
      {.workers = 2});
}
