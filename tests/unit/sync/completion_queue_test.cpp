#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>
#include <support/patience.hpp>
#include <support/test_runtime.hpp>

#include <weft/runtime/cancel.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/spawn.hpp>
#include <weft/runtime/yield.hpp>
#include <weft/sync/channel.hpp>
#include <weft/sync/completion_queue.hpp>
#include <weft/sync/event.hpp>
#include <weft/sync/semaphore.hpp>
#include <weft/sync/task_group.hpp>

using namespace std::chrono_literals;
using weft::channel;
using weft::completion_queue;
using weft::testing::error_of;
using weft::testing::in_fiber;
using weft::testing::rounds;
using weft::testing::test_runtime;

TEST_CASE("[row 58] fibers are joined in the order in which they end") {
  in_fiber([] {
    std::vector<weft::join_handle<int>> fibers;
    for (const int ms : {30, 5, 15}) {
      fibers.push_back(weft::spawn([ms] {
        CHECK(weft::sleep_for(std::chrono::milliseconds(ms)).has_value());
        return ms;
      }));
    }
    completion_queue<int> done;
    for (auto& f : fibers) {
      done.add(f.joining());
    }
    CHECK(done.size() == 3);
    CHECK(done.next() == 5);
    CHECK(done.next() == 15);
    CHECK(done.next() == 30);
    CHECK(done.empty());
    CHECK(error_of(done.next()) == weft::errc::end_of_stream);
    CHECK(error_of(done.try_next()) == weft::errc::end_of_stream);
  });
}

TEST_CASE(
    "[row 58] an arm that is ready completes when it is added, and is taken without waiting") {
  in_fiber([] {
    channel<int> numbers(2);
    CHECK(numbers.send(1).has_value());
    completion_queue<int> done;
    done.add(numbers.receiving());
    CHECK(numbers.empty());
    CHECK(done.try_next() == 1);
    done.add(numbers.receiving());
    CHECK(error_of(done.try_next()) == std::errc::operation_would_block);
    CHECK(numbers.send(2).has_value());
    CHECK(numbers.empty());
    CHECK(done.try_next() == 2);
  });
}

TEST_CASE("[row 58] what completed and was not taken out goes with the queue") {
  in_fiber([] {
    weft::semaphore permits(2);
    channel<std::shared_ptr<int>> values(1);
    const auto kept = std::make_shared<int>(7);
    auto failing = weft::spawn([]() -> weft::result<void> { throw std::runtime_error("unasked"); });
    CHECK(values.send(kept).has_value());
    {
      completion_queue<> done;
      done.add(weft::on(permits.acquiring(2), [](auto) {}));
      done.add(weft::on(values.receiving(), [](auto) {}));
      done.add(weft::on(failing.joining(), [](auto) {}));
      CHECK(permits.available() == 0);
      CHECK(done.next().has_value());  // one of the first two, and the other stays
      weft::yield();                   // the third has thrown
    }
    CHECK(permits.available() == 2);
    CHECK(kept.use_count() == 1);
  });
}

TEST_CASE("[row 58] arms of all kinds complete through one queue") {
  in_fiber([] {
    channel<int> numbers;
    channel<int> other;
    weft::event happened;
    weft::semaphore permits(0);
    weft::task_group group;
    auto fiber = weft::spawn([&] { return happened.wait(); });
    group.spawn([&] { CHECK(happened.wait().has_value()); });

    completion_queue<std::string> done;
    done.add(weft::on(numbers.receiving(),
                      [](weft::result<int> n) { return "received " + std::to_string(*n); }));
    const int seven = 7;
    done.add(
        weft::on(other.sending(seven), [](weft::result<void>) { return std::string("sent"); }));
    done.add(weft::on(happened.waiting(), [] { return std::string("happened"); }));
    done.add(weft::on(permits.acquiring(), [](auto) { return std::string("acquired"); }));
    done.add(weft::on(group.waiting(), [](weft::result<void>) { return std::string("drained"); }));
    done.add(weft::on(fiber.joining(), [](weft::result<void>) { return std::string("joined"); }));
    CHECK(done.size() == 6);
    CHECK(error_of(done.next_for(2ms)) == weft::errc::timed_out);

    CHECK(other.receive() == 7);
    CHECK(done.next() == "sent");
    CHECK(numbers.send(3).has_value());
    CHECK(done.next() == "received 3");
    permits.release();
    CHECK(done.next() == "acquired");
    CHECK(permits.try_acquire().has_value());
    happened.set();
    std::vector<std::string> rest;
    while (auto next = done.next()) {
      rest.push_back(*next);
    }
    std::ranges::sort(rest);
    CHECK(rest == std::vector<std::string>{"drained", "happened", "joined"});
  });
}

TEST_CASE("[row 58] what a handler fails with or throws comes out of next()") {
  in_fiber([] {
    channel<int> over;
    over.close();
    completion_queue<int> done;
    done.add(over.receiving());
    CHECK(error_of(done.next()) == weft::errc::closed);
    done.add(
        weft::on(over.receiving(), [](weft::result<int>) -> int { throw std::logic_error("no"); }));
    CHECK_THROWS_AS((void)done.next(), std::logic_error);
    CHECK(done.empty());
    auto fiber = weft::spawn([]() -> int { throw std::runtime_error("fiber"); });
    done.add(fiber.joining());
    CHECK_THROWS_AS((void)done.next(), std::runtime_error);
  });
}

TEST_CASE("[row 58] withdraw_all() leaves no trace of what has not completed, and keeps what has") {
  in_fiber([] {
    channel<int> ready(1);
    channel<int> quiet;
    channel<std::unique_ptr<int>> nobody;
    CHECK(ready.send(1).has_value());
    auto value = std::make_unique<int>(2);
    completion_queue<int> done;
    done.add(quiet.receiving());
    done.add(ready.receiving());
    done.add(weft::on(nobody.sending(std::move(value)), [](weft::result<void>) { return 0; }));
    CHECK(done.size() == 3);
    done.withdraw_all();
    CHECK(done.size() == 1);
    CHECK(value);
    CHECK(error_of(quiet.try_send(1)) == std::errc::operation_would_block);
    CHECK(done.next() == 1);
    CHECK(error_of(done.next()) == weft::errc::end_of_stream);
  });
}

TEST_CASE("[row 58] a queue that goes withdraws its arms") {
  in_fiber([] {
    channel<int> quiet;
    auto sleeper = weft::spawn([] { return weft::sleep_for(1h); });
    {
      completion_queue<> done;
      done.add(weft::on(quiet.receiving(), [](weft::result<int>) {}));
      done.add(sleeper.joining());
      CHECK(error_of(done.next_for(2ms)) == weft::errc::timed_out);
    }
    CHECK(error_of(quiet.try_send(1)) == std::errc::operation_would_block);
    CHECK(sleeper.joinable());
    sleeper.cancel();
    CHECK(error_of(sleeper.join()) == weft::errc::operation_canceled);
  });
}

TEST_CASE("[row 58] next() is cancelled without losing what completes later") {
  in_fiber([] {
    channel<int> numbers;
    completion_queue<int> done;
    done.add(numbers.receiving());
    {
      weft::cancel_scope scope;
      scope.cancel();
      CHECK(error_of(done.next()) == weft::errc::operation_canceled);
    }
    CHECK(numbers.send(4).has_value());
    CHECK(done.next() == 4);
  });
}

TEST_CASE("[row 58] the calling fiber's own handle is refused") {
  in_fiber([] {
    weft::join_handle<void> self;
    weft::event ready;
    self = weft::spawn([&] {
      CHECK(ready.wait().has_value());
      completion_queue<> done;
      done.add(self.joining());
      CHECK(error_of(done.next()) == weft::errc::would_deadlock);
    });
    ready.set();
    while (!self.finished()) {
      weft::yield();
    }
    CHECK(self.join().has_value());
  });
}

TEST_CASE("[row 58] thousands of arms, completed from everywhere and added again, lose nothing") {
  for (const unsigned workers : {1U, 2U, 8U}) {
    CAPTURE(workers);
    test_runtime r({.workers = workers, .background = true});
    const std::size_t count = 500;
    const std::size_t total = rounds(50'000);
    std::vector<std::unique_ptr<channel<std::size_t>>> channels;
    for (std::size_t i = 0; i < count; ++i) {
      channels.push_back(std::make_unique<channel<std::size_t>>(i % 3));
    }
    std::atomic<std::size_t> next{0};
    const auto send = [&] {
      for (std::size_t n = next++; n < total; n = next++) {
        CHECK(channels[n * 7919 % count]->send(n).has_value());
      }
    };
    std::vector<weft::join_handle<void>> senders;
    for (int i = 0; i < 4; ++i) {
      senders.push_back(r->spawn(send));
    }
    std::thread outside(send);
    std::vector<int> seen(total);
    auto owner = r->spawn([&] {
      completion_queue<std::size_t> done;
      for (auto& c : channels) {
        done.add(c->receiving());
      }
      for (std::size_t i = 0; i < total; ++i) {
        const auto n = done.next();
        REQUIRE(n.has_value());
        ++seen[*n];
        done.add(channels[*n * 7919 % count]->receiving());
      }
      done.withdraw_all();
      CHECK(done.empty());
    });
    CHECK(owner.join().has_value());
    for (auto& s : senders) {
      CHECK(s.join().has_value());
    }
    outside.join();
    CHECK(std::ranges::count(seen, 1) == static_cast<std::ptrdiff_t>(total));
  }
}

TEST_CASE("[row 58] queues that go while their arms complete lose no value") {
  for (const unsigned workers : {1U, 2U, 8U}) {
    CAPTURE(workers);
    test_runtime r({.workers = workers, .background = true});
    channel<int> numbers;
    const int total = static_cast<int>(rounds(20'000));
    auto sender = r->spawn([&] {
      for (int i = 0; i < total; ++i) {
        CHECK(numbers.send(i).has_value());
      }
      numbers.close();
    });
    auto receiver = r->spawn([&] {
      int expected = 0;
      for (bool open = true; open;) {
        completion_queue<int> done;
        done.add(numbers.receiving());
        done.add(numbers.receiving());
        if (expected % 2 == 0) {
          weft::yield();
        }
        done.withdraw_all();
        std::vector<int> got;
        while (!done.empty()) {
          const auto n = done.next();
          if (n) {
            got.push_back(*n);
          } else {
            CHECK(n.error() == weft::errc::closed);
            open = false;
          }
        }
        std::ranges::sort(got);
        for (const int n : got) {
          CHECK(n == expected++);
        }
        weft::yield();
      }
      return expected;
    });
    CHECK(sender.join().has_value());
    CHECK(receiver.join() == total);
  }
}
