#include <atomic>
#include <chrono>
#include <memory>
#include <stdexcept>
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
#include <weft/sync/broadcast.hpp>
#include <weft/sync/select.hpp>

using namespace std::chrono_literals;
using weft::broadcast;
using weft::testing::error_of;
using weft::testing::in_fiber;
using weft::testing::rounds;
using weft::testing::test_runtime;

namespace {

constexpr auto would_block = std::errc::operation_would_block;

}  // namespace

TEST_CASE("[row 52] every subscriber receives every value in order") {
  in_fiber([] {
    broadcast<std::string> words(8);
    auto one = words.subscribe();
    auto two = words.subscribe();
    CHECK(words.subscribers() == 2);
    CHECK(words.send("a") == 2U);
    CHECK(words.send("b") == 2U);
    CHECK(one.size() == 2);
    for (auto* s : {&one, &two}) {
      CHECK(s->receive() == "a");
      CHECK(s->receive() == "b");
      CHECK(error_of(s->try_receive()) == would_block);
    }
  });
}

TEST_CASE("[row 52] a subscriber receives what is sent after it has subscribed") {
  in_fiber([] {
    broadcast<int> numbers(4);
    CHECK(numbers.send(1) == 0U);
    auto early = numbers.subscribe();
    CHECK(numbers.send(2) == 1U);
    auto late = numbers.subscribe();
    CHECK(numbers.send(3) == 2U);
    CHECK(early.receive() == 2);
    CHECK(early.receive() == 3);
    CHECK(late.receive() == 3);
  });
}

TEST_CASE(
    "[row 52] who is too slow is told how much was missed, and goes on with the oldest kept") {
  for (const int capacity : {1, 2, 3, 4, 5}) {
    CAPTURE(capacity);
    in_fiber([&] {
      broadcast<int> numbers(static_cast<std::size_t>(capacity));
      auto slow = numbers.subscribe();
      CHECK(slow.missed() == 0);
      for (int i = 0; i < capacity; ++i) {
        CHECK(numbers.send(i) == 1U);
      }
      CHECK(slow.receive() == 0);
      for (int i = capacity; i < 20; ++i) {
        CHECK(numbers.send(i) == 1U);
      }
      CHECK(slow.size() == static_cast<std::size_t>(capacity));
      CHECK(error_of(slow.receive()) == weft::errc::lagged);
      CHECK(slow.missed() == static_cast<std::uint64_t>(20 - capacity - 1));
      for (int i = 20 - capacity; i < 20; ++i) {
        CHECK(slow.receive() == i);
      }
      CHECK(error_of(slow.try_receive()) == would_block);
      CHECK(numbers.send(20) == 1U);
      CHECK(slow.receive() == 20);
    });
  }
}

TEST_CASE("[row 52] a receiver waits for the next value") {
  in_fiber([] {
    broadcast<int> numbers(2);
    std::vector<weft::join_handle<int>> fibers;
    for (int i = 0; i < 5; ++i) {
      fibers.push_back(weft::spawn([s = numbers.subscribe()]() mutable { return s.receive(); }));
    }
    CHECK(weft::sleep_for(3ms).has_value());
    CHECK(numbers.send(9) == 5U);
    for (auto& f : fibers) {
      CHECK(f.join() == 9);
    }
    CHECK(numbers.subscribers() == 0);
  });
}

TEST_CASE("[row 52] close() lets subscribers receive what is kept, and wakes those who wait") {
  in_fiber([] {
    broadcast<int> numbers(2);
    auto busy = numbers.subscribe();
    auto idle = weft::spawn([s = numbers.subscribe()]() mutable {
      CHECK(s.receive() == 1);
      return s.receive();
    });
    CHECK(numbers.send(1) == 2U);
    CHECK(weft::sleep_for(2ms).has_value());
    CHECK(numbers.close());
    CHECK_FALSE(numbers.close());
    CHECK(error_of(idle.join()) == weft::errc::closed);
    CHECK(error_of(numbers.send(2)) == weft::errc::closed);
    CHECK(busy.receive() == 1);
    CHECK(error_of(busy.receive()) == weft::errc::closed);
    CHECK(error_of(busy.try_receive()) == weft::errc::closed);
  });
}

TEST_CASE("[row 52] a receive that times out or is cancelled has missed nothing") {
  in_fiber([] {
    broadcast<int> numbers(4);
    auto s = numbers.subscribe();
    CHECK(error_of(s.receive_for(2ms)) == weft::errc::timed_out);
    auto fiber = weft::spawn([&] { return s.receive(); });
    CHECK(weft::sleep_for(2ms).has_value());
    fiber.cancel();
    CHECK(error_of(fiber.join()) == weft::errc::operation_canceled);
    CHECK(numbers.send(1) == 1U);
    CHECK(s.receive() == 1);
  });
}

TEST_CASE("[row 52] a subscription is an arm of select, and misses nothing by losing one") {
  in_fiber([] {
    broadcast<int> a(4);
    broadcast<int> b(4);
    auto of_a = a.subscribe();
    auto of_b = b.subscribe();
    CHECK(a.send(1) == 1U);
    CHECK(b.send(2) == 1U);
    CHECK(weft::select_in_order(weft::on(of_b.receiving()), weft::on(of_a.receiving())) == 2);
    CHECK(weft::select_in_order(weft::on(of_b.receiving()), weft::on(of_a.receiving())) == 1);
    auto sender = weft::spawn([&] {
      CHECK(weft::sleep_for(2ms).has_value());
      CHECK(a.send(3) == 1U);
    });
    CHECK(weft::select(weft::on(of_b.receiving()), weft::on(of_a.receiving())) == 3);
    CHECK(sender.join().has_value());
  });
}

TEST_CASE("[row 52] a copy that throws leaves the value to be received") {
  struct fragile {
    fragile(int n, bool* fails) : number(n), fails_on_copy(fails) {}
    fragile(fragile&&) noexcept = default;
    fragile(const fragile& other) : number(other.number), fails_on_copy(other.fails_on_copy) {
      if (*fails_on_copy) {
        throw std::runtime_error("no copy today");
      }
    }
    int number;
    bool* fails_on_copy;
  };
  in_fiber([] {
    bool fails = true;
    broadcast<fragile> values(2);
    auto s = values.subscribe();
    CHECK(values.send(fragile(1, &fails)) == 1U);
    CHECK_THROWS_AS((void)s.receive(), std::runtime_error);
    fails = false;
    CHECK(s.receive()->number == 1);
  });
}

TEST_CASE("[row 52] values are destroyed when they are no longer kept") {
  const auto value = std::make_shared<int>(1);
  {
    broadcast<std::shared_ptr<int>> values(2);
    auto s = values.subscribe();
    for (int i = 0; i < 10; ++i) {
      CHECK(values.send(value) == 1U);
    }
    CHECK(value.use_count() <= 3);
  }
  CHECK(value.use_count() == 1);
}

TEST_CASE("[row 52] senders and subscribers on fibers and threads: received and missed add up") {
  for (const unsigned workers : {1U, 2U, 8U}) {
    for (const std::size_t capacity : {std::size_t{1}, std::size_t{6}, std::size_t{256}}) {
      CAPTURE(workers);
      CAPTURE(capacity);
      constexpr int senders = 3;
      const int each = static_cast<int>(rounds(5000));
      test_runtime r({.workers = workers, .background = true});
      broadcast<std::shared_ptr<std::pair<int, int>>> values(capacity);
      const auto follow = [&](auto s) {
        std::vector<int> last(senders, -1);
        std::uint64_t total = 0;
        for (;;) {
          const auto got = s.receive();
          if (got) {
            const auto [sender, number] = **got;
            CHECK(number > last[static_cast<std::size_t>(sender)]);
            last[static_cast<std::size_t>(sender)] = number;
            ++total;
          } else if (got.error() == weft::errc::lagged) {
            total += s.missed();
          } else {
            CHECK(got.error() == weft::errc::closed);
            break;
          }
        }
        CHECK(total == static_cast<std::uint64_t>(senders * each));
      };
      std::vector<weft::join_handle<void>> following;
      for (int i = 0; i < 4; ++i) {
        following.push_back(
            r->spawn([&, s = values.subscribe()]() mutable { follow(std::move(s)); }));
      }
      std::thread thread([&, s = values.subscribe()]() mutable { follow(std::move(s)); });
      std::vector<weft::join_handle<void>> sending;
      for (int i = 0; i < senders; ++i) {
        sending.push_back(r->spawn([&, i] {
          for (int n = 0; n < each; ++n) {
            CHECK(values.send(std::make_shared<std::pair<int, int>>(i, n)).has_value());
            if (n % 16 == 0) {
              weft::yield();
            }
          }
        }));
      }
      for (auto& s : sending) {
        CHECK(s.join().has_value());
      }
      values.close();
      for (auto& f : following) {
        CHECK(f.join().has_value());
      }
      thread.join();
    }
  }
}
