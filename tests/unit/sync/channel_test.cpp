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

constexpr auto would_block = std::errc::operation_would_block;

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

TEST_CASE("[row 48] values come out in the order in which they went in") {
  in_fiber([] {
    channel<int> numbers(3);
    auto sender = weft::spawn([&] {
      for (int i = 0; i < 100; ++i) {
        CHECK(numbers.send(i).has_value());
      }
    });
    for (int i = 0; i < 100; ++i) {
      CHECK(numbers.receive() == i);
    }
    CHECK(sender.join().has_value());
  });
}

TEST_CASE("[row 48] a channel with room takes values without a receiver, and then no more") {
  in_fiber([] {
    channel<std::string> words(2);
    CHECK(words.try_send("one").has_value());
    CHECK(words.try_send("two").has_value());
    std::string three = "three, long enough to be on the heap";
    CHECK(error_of(words.try_send(std::move(three))) == would_block);
    CHECK(three == "three, long enough to be on the heap");
    CHECK(words.try_receive() == "one");
    CHECK(words.try_send(std::move(three)).has_value());
    CHECK(words.try_receive() == "two");
    CHECK(words.try_receive() == "three, long enough to be on the heap");
    CHECK(error_of(words.try_receive()) == would_block);
  });
}

TEST_CASE("[row 48] many senders and many receivers exchange every value once") {
  for (const std::size_t capacity : {std::size_t{0}, std::size_t{1}, std::size_t{7}}) {
    CAPTURE(capacity);
    in_fiber([&] {
      constexpr int senders = 5;
      constexpr int each = 200;
      channel<int> numbers(capacity);
      std::vector<weft::join_handle<void>> sending;
      for (int s = 0; s < senders; ++s) {
        sending.push_back(weft::spawn([&, s] {
          for (int i = 0; i < each; ++i) {
            CHECK(numbers.send(s * each + i).has_value());
          }
        }));
      }
      std::vector<weft::join_handle<std::vector<int>>> receiving;
      for (int r = 0; r < 3; ++r) {
        receiving.push_back(weft::spawn([&] {
          std::vector<int> got;
          for (const int n : numbers) {
            got.push_back(n);
          }
          return got;
        }));
      }
      for (auto& s : sending) {
        CHECK(s.join().has_value());
      }
      numbers.close();
      std::vector<int> seen(senders * each);
      for (auto& r : receiving) {
        const auto got = r.join();
        REQUIRE(got.has_value());
        for (const int n : *got) {
          ++seen[static_cast<std::size_t>(n)];
        }
      }
      CHECK(seen == std::vector<int>(senders * each, 1));
    });
  }
}

TEST_CASE("[row 48] a receiver that waits is handed the value: it never enters the channel") {
  in_fiber([] {
    channel<int> numbers(4);
    auto receiver = weft::spawn([&] { return numbers.receive(); });
    CHECK(weft::sleep_for(5ms).has_value());
    CHECK(numbers.try_send(7).has_value());
    CHECK(numbers.empty());
    CHECK(receiver.join() == 7);
  });
}

TEST_CASE("[row 48] the receiver that has waited longest is served first, and so is the sender") {
  in_fiber(
      [] {
        channel<int> numbers(1);
        std::vector<int> order;
        std::vector<weft::join_handle<void>> fibers;
        for (int i = 0; i < 3; ++i) {
          fibers.push_back(weft::spawn([&, i] {
            CHECK(numbers.receive().has_value());
            order.push_back(i);
          }));
        }
        weft::yield();
        for (int i = 0; i < 3; ++i) {
          CHECK(numbers.send(i).has_value());
          weft::yield();
        }
        CHECK(order == std::vector{0, 1, 2});

        CHECK(numbers.send(-1).has_value());
        for (int i = 0; i < 3; ++i) {
          fibers.push_back(weft::spawn([&, i] { CHECK(numbers.send(i).has_value()); }));
        }
        weft::yield();
        for (int i = -1; i < 3; ++i) {
          CHECK(numbers.receive() == i);
        }
      },
      {.workers = 1});
}

TEST_CASE("[row 48] types that can only be moved are carried, and destroyed exactly once") {
  int live = 0;
  in_fiber([&] {
    channel<token> tokens(2);
    auto sender = weft::spawn([&] {
      for (int i = 0; i < 10; ++i) {
        CHECK(tokens.send(token(i, &live)).has_value());
      }
    });
    for (int i = 0; i < 8; ++i) {
      auto got = tokens.receive();
      REQUIRE(got.has_value());
      CHECK(got->number == i);
    }
    CHECK(sender.join().has_value());
    CHECK(tokens.size() == 2);
    CHECK(live == 2);
  });
  CHECK(live == 0);
}

TEST_CASE("[row 49] capacity 0: sender and receiver wait for each other") {
  in_fiber([] {
    channel<int> meeting;
    CHECK(meeting.capacity() == 0);
    CHECK(error_of(meeting.try_send(1)) == would_block);
    CHECK(error_of(meeting.try_receive()) == would_block);

    bool received = false;
    auto receiver = weft::spawn([&] {
      CHECK(weft::sleep_for(5ms).has_value());
      received = true;
      return meeting.receive();
    });
    CHECK(meeting.send(2).has_value());
    CHECK(received);
    CHECK(receiver.join() == 2);

    bool sent = false;
    auto sender = weft::spawn([&] {
      CHECK(weft::sleep_for(5ms).has_value());
      sent = true;
      return meeting.send(3);
    });
    CHECK(meeting.receive() == 3);
    CHECK(sent);
    CHECK(sender.join().has_value());
  });
}

TEST_CASE("[row 49] try_send meets a receiver that waits, and try_receive a sender") {
  in_fiber([] {
    channel<int> meeting;
    auto receiver = weft::spawn([&] { return meeting.receive(); });
    while (!meeting.try_send(4)) {
      weft::yield();
    }
    CHECK(receiver.join() == 4);
    auto sender = weft::spawn([&] { return meeting.send(5); });
    weft::result<int> got = meeting.try_receive();
    while (!got) {
      weft::yield();
      got = meeting.try_receive();
    }
    CHECK(got == 5);
    CHECK(sender.join().has_value());
  });
}

TEST_CASE("[row 48] a capacity beyond all memory is refused when the channel is made") {
  if constexpr (!weft::testing::sanitized) {  // whose allocators end the program instead
    CHECK_THROWS_AS(channel<int>(static_cast<std::size_t>(-1)), std::bad_alloc);
  }
}

TEST_CASE("[row 48] a sieve of fibers and channels finds the primes") {
  in_fiber([] {
    // Each filter receives what the one before lets through and drops the multiples of its first.
    std::vector<std::unique_ptr<channel<int>>> links;
    std::vector<weft::join_handle<void>> fibers;
    links.push_back(std::make_unique<channel<int>>());
    fibers.push_back(weft::spawn([&first = *links.back()] {
      for (int n = 2; first.send(n); ++n) {
      }
    }));
    std::vector<int> primes;
    for (int i = 0; i < 40; ++i) {
      channel<int>& from = *links.back();
      const int prime = *from.receive();
      primes.push_back(prime);
      links.push_back(std::make_unique<channel<int>>());
      fibers.push_back(weft::spawn([prime, &from, &to = *links.back()] {
        for (const int n : from) {
          if (n % prime != 0 && !to.send(n)) {
            break;
          }
        }
        from.close();
      }));
    }
    CHECK(primes.front() == 2);
    CHECK(primes.back() == 173);
    for (auto& link : links) {
      link->close();
    }
    for (auto& f : fibers) {
      CHECK(f.join().has_value());
    }
  });
}

TEST_CASE("[row 48] whoever got the last value may destroy the channel while its send returns") {
  for (int round = 0; round < 200; ++round) {
    in_fiber([] {
      auto only = std::make_unique<channel<int>>();
      auto sender = weft::spawn([&c = *only] { CHECK(c.send(1).has_value()); });
      CHECK(only->receive() == 1);
      only.reset();
      CHECK(sender.join().has_value());
    });
  }
}
