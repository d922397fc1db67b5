#include <chrono>
#include <memory>
#include <numeric>
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
#include <weft/sync/channel.hpp>

using namespace std::chrono_literals;
using weft::channel;
using weft::testing::error_of;
using weft::testing::in_fiber;

namespace {

/// Fails the test if it is copied, or destroyed with its value twice.
struct token {
  explicit token(int n, int* live) : number(n), live_(live) { ++*live_; }
  token(token&& other) noexcept
      : number(other.number), live_(std::exchange(other.live_, nullptr)) {}
  token& operator=(token&&) = delete;
  ~token() {
    if (live_) {
      --*live_;
    }
  }
  const int number;

 private:
  int* live_;
};

}  // namespace

TEST_CASE("[row 50] after close() receivers drain what is inside and then learn that it is over") {
  in_fiber([] {
    channel<int> numbers(4);
    CHECK(numbers.send(1).has_value());
    CHECK(numbers.send(2).has_value());
    CHECK_FALSE(numbers.closed());
    CHECK(numbers.close());
    CHECK(numbers.closed());
    CHECK_FALSE(numbers.close());
    CHECK(error_of(numbers.send(3)) == weft::errc::closed);
    CHECK(error_of(numbers.try_send(3)) == weft::errc::closed);
    CHECK(numbers.receive() == 1);
    CHECK(numbers.try_receive() == 2);
    CHECK(error_of(numbers.receive()) == weft::errc::closed);
    CHECK(error_of(numbers.try_receive()) == weft::errc::closed);
    CHECK(error_of(numbers.receive_for(1h)) == weft::errc::closed);
  });
}

TEST_CASE(
    "[row 50] close() wakes those who wait: receivers empty-handed, senders with their value") {
  for (const std::size_t capacity : {std::size_t{0}, std::size_t{1}}) {
    CAPTURE(capacity);
    in_fiber([&] {
      channel<std::unique_ptr<int>> empty(capacity);
      auto receiver_one = weft::spawn([&] { return empty.receive(); });
      auto receiver_two = weft::spawn([&] { return empty.receive(); });
      CHECK(weft::sleep_for(5ms).has_value());
      empty.close();
      CHECK(error_of(receiver_one.join()) == weft::errc::closed);
      CHECK(error_of(receiver_two.join()) == weft::errc::closed);

      channel<std::unique_ptr<int>> full(capacity);
      for (std::size_t i = 0; i < capacity; ++i) {
        CHECK(full.send(std::make_unique<int>(1)).has_value());
      }
      auto sender = weft::spawn([&] {
        auto value = std::make_unique<int>(2);
        CHECK(error_of(full.send(std::move(value))) == weft::errc::closed);
        REQUIRE(value);
        CHECK(*value == 2);
      });
      CHECK(weft::sleep_for(5ms).has_value());
      full.close();
      CHECK(sender.join().has_value());
      CHECK(full.size() == capacity);
    });
  }
}

TEST_CASE("[row 50] close_now() destroys what is inside") {
  int live = 0;
  in_fiber([&] {
    channel<token> tokens(4);
    for (int i = 0; i < 3; ++i) {
      CHECK(tokens.send(token(i, &live)).has_value());
    }
    CHECK(tokens.receive().has_value());
    CHECK(live == 2);
    CHECK(tokens.close_now());
    CHECK(live == 0);
    CHECK(tokens.empty());
    CHECK(error_of(tokens.receive()) == weft::errc::closed);
    CHECK_FALSE(tokens.close_now());
  });
}

TEST_CASE("[row 50] close() and then close_now() drops the rest") {
  int live = 0;
  in_fiber([&] {
    channel<token> tokens(4);
    CHECK(tokens.send(token(0, &live)).has_value());
    CHECK(tokens.close());
    CHECK_FALSE(tokens.close_now());
    CHECK(live == 0);
  });
}

TEST_CASE("[row 59] size, capacity, empty and full") {
  in_fiber([] {
    channel<int> numbers(2);
    CHECK(numbers.capacity() == 2);
    CHECK(numbers.size() == 0);
    CHECK(numbers.empty());
    CHECK_FALSE(numbers.full());
    CHECK(numbers.send(1).has_value());
    CHECK(numbers.size() == 1);
    CHECK_FALSE(numbers.empty());
    CHECK_FALSE(numbers.full());
    CHECK(numbers.send(2).has_value());
    CHECK(numbers.size() == 2);
    CHECK(numbers.full());

    const channel<int> meeting;
    CHECK(meeting.empty());
    CHECK(meeting.full());
  });
}

TEST_CASE("[row 59] a range-for receives until the channel is closed and empty") {
  in_fiber([] {
    channel<std::unique_ptr<int>> numbers(8);
    for (int i = 0; i < 5; ++i) {
      CHECK(numbers.send(std::make_unique<int>(i)).has_value());
    }
    numbers.close();
    int expected = 0;
    for (std::unique_ptr<int>& n : numbers) {
      CHECK(*n == expected++);
      const auto kept = std::move(n);
    }
    CHECK(expected == 5);
    for (auto& n : numbers) {
      FAIL("there is nothing left: " << *n);
    }
  });
}

TEST_CASE("[row 59] a range-for ends when its scope is cancelled, and check_cancel() says so") {
  in_fiber([] {
    channel<int> numbers;
    auto loop = weft::spawn([&] {
      for (const int n : numbers) {
        FAIL("received " << n);
      }
      return weft::check_cancel();
    });
    CHECK(weft::sleep_for(2ms).has_value());
    loop.cancel();
    CHECK(error_of(loop.join()) == weft::errc::operation_canceled);
    CHECK_FALSE(numbers.closed());
  });
}
