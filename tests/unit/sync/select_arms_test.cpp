#include <atomic>
#include <chrono>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <support/patience.hpp>
#include <support/test_runtime.hpp>

#include <weft/runtime/arm.hpp>
#include <weft/runtime/cancel.hpp>
#include <weft/runtime/detail/spinlock.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/spawn.hpp>
#include <weft/runtime/yield.hpp>
#include <weft/sync/broadcast.hpp>
#include <weft/sync/channel.hpp>
#include <weft/sync/event.hpp>
#include <weft/sync/future.hpp>
#include <weft/sync/latch.hpp>
#include <weft/sync/notify.hpp>
#include <weft/sync/promise.hpp>
#include <weft/sync/select.hpp>
#include <weft/sync/semaphore.hpp>
#include <weft/sync/task_group.hpp>
#include <weft/sync/wait_group.hpp>

/// What select can wait for beside channels.
using namespace std::chrono_literals;
using weft::channel;
using weft::select;
using weft::testing::error_of;
using weft::testing::in_fiber;
using weft::testing::rounds;
using weft::testing::test_runtime;

namespace {

/// A select of one arm and a time limit that is never reached.
template <class Arm>
auto soon(Arm arm) {
  return select(weft::on(std::move(arm)), weft::after(60s));
}

/// Something of the user's own: counts up, and hands each number to one waiter.
class counter {
 public:
  class arm {
   public:
    explicit arm(counter& from) noexcept : from_(&from) {}
    arm(arm&& other) noexcept : from_(other.from_) {}

    bool try_now() noexcept {
      const std::lock_guard hold(from_->lock_);
      return take();
    }
    weft::arm_step enlist(weft::arm_ticket ticket) noexcept {
      const std::lock_guard hold(from_->lock_);
      if (from_->available_ != 0) {
        if (!ticket.claim()) {
          return weft::arm_step::lost;
        }
        take();
        return weft::arm_step::done;
      }
      ticket_ = ticket;
      served_ = false;
      from_->waiting_.push_back(this);
      return weft::arm_step::waiting;
    }
    bool withdraw() noexcept {
      const std::lock_guard hold(from_->lock_);
      std::erase(from_->waiting_, this);
      return served_;
    }
    int outcome() noexcept { return number_; }

   private:
    friend class counter;

    bool take() noexcept {
      if (from_->available_ == 0) {
        return false;
      }
      --from_->available_;
      number_ = from_->next_++;
      return true;
    }

    counter* from_;
    weft::arm_ticket ticket_;
    bool served_ = false;
    int number_ = -1;
  };

  void count() {
    weft::arm_ticket served;
    {
      const std::lock_guard hold(lock_);
      ++available_;
      while (!waiting_.empty()) {
        arm* const first = waiting_.front();
        waiting_.erase(waiting_.begin());
        if (first->ticket_.claim()) {
          first->served_ = first->take();
          served = first->ticket_;
          break;
        }
      }
      if (!served.token().who) {
        return;
      }
    }
    served.resume();
  }

 private:
  weft::detail::spinlock lock_;
  int available_ = 0;
  int next_ = 0;
  std::vector<arm*> waiting_;
};
static_assert(weft::select_arm<counter::arm>);

}  // namespace

TEST_CASE("[row 55] select joins the fiber that ends first; the other handle stays") {
  in_fiber([] {
    auto slow = weft::spawn([] {
      CHECK(weft::sleep_for(20ms).has_value());
      return 1;
    });
    auto fast = weft::spawn([] {
      CHECK(weft::sleep_for(2ms).has_value());
      return 2;
    });
    CHECK(select(weft::on(slow.joining()), weft::on(fast.joining())) == 2);
    CHECK_FALSE(fast.joinable());
    CHECK(slow.joinable());
    CHECK(slow.join() == 1);
  });
}

TEST_CASE("[row 55] select rethrows the exception of the fiber that it joins") {
  in_fiber([] {
    auto fiber = weft::spawn([]() -> int { throw std::logic_error("fiber"); });
    CHECK_THROWS_AS((void)soon(fiber.joining()), std::logic_error);
    CHECK_FALSE(fiber.joinable());
  });
}

TEST_CASE("[row 55] a fiber that has ended long ago is joined at once") {
  in_fiber([] {
    auto fiber = weft::spawn([] { return 3; });
    while (!fiber.finished()) {
      weft::yield();
    }
    CHECK(weft::try_select(weft::on(fiber.joining())) == 3);
  });
}

TEST_CASE("[row 55] a select on the caller's own handle is refused with would_deadlock") {
  in_fiber([] {
    weft::join_handle<void> self;
    weft::event ready;
    channel<int> never;
    self = weft::spawn([&] {
      CHECK(ready.wait().has_value());
      CHECK(error_of(select(weft::on(self.joining()))) == weft::errc::would_deadlock);
      CHECK(error_of(select(weft::on(never.receiving(), [](weft::result<int>) {}),
                            weft::on(self.joining()))) == weft::errc::would_deadlock);
      CHECK(self.joinable());
    });
    ready.set();
    while (!self.finished()) {
      weft::yield();
    }
    CHECK(self.join().has_value());
  });
}

TEST_CASE(
    "[row 55] a select that a join loses can be followed by join(), detach() or another select") {
  in_fiber([] {
    weft::event end;
    auto fiber = weft::spawn([&] { return end.wait(); });
    for (int i = 0; i < 3; ++i) {
      CHECK(error_of(select(weft::on(fiber.joining()), weft::after(1ms))) == weft::errc::timed_out);
    }
    end.set();
    CHECK(soon(fiber.joining()).has_value());
    auto detached = weft::spawn([] { (void)weft::sleep_for(3ms); });
    CHECK(error_of(select(weft::on(detached.joining()), weft::after(1ms))) ==
          weft::errc::timed_out);
    detached.detach();
  });
}

TEST_CASE("[row 55] events, notifications and permits are arms, and losers use none up") {
  in_fiber([] {
    weft::event once(weft::event_reset::automatic);
    weft::notify more;
    weft::semaphore permits(2);
    once.set();
    more.notify_one();
    int rounds_won[3] = {};
    for (int i = 0; i < 4; ++i) {
      const auto won = select(
          weft::on(once.waiting(), [] { return 0; }), weft::on(more.waiting(), [] { return 1; }),
          weft::on(permits.acquiring(), [](weft::result<weft::semaphore::permit> p) {
            p->forget();
            return 2;
          }));
      ++rounds_won[*won];
    }
    CHECK(rounds_won[0] == 1);
    CHECK(rounds_won[1] == 1);
    CHECK(rounds_won[2] == 2);
    CHECK(error_of(weft::try_select(weft::on(once.waiting()), weft::on(more.waiting()))) ==
          std::errc::operation_would_block);
  });
}

TEST_CASE("[row 55] select waits for events, notifications, permits, futures, latches and counts") {
  in_fiber([] {
    weft::event happened;
    weft::notify more;
    weft::semaphore permits(0);
    weft::promise<int> promise;
    auto future = promise.get_future();
    weft::latch gate(1);
    weft::wait_group work(1);
    const auto while_waiting = [](auto arm, auto act) {
      auto actor = weft::spawn([&] {
        CHECK(weft::sleep_for(1ms).has_value());
        act();
      });
      const bool won = select(weft::on(std::move(arm), [](auto&&...) { return true; }),
                              weft::after(60s, [] { return false; }))
                           .value();
      CHECK(actor.join().has_value());
      return won;
    };
    CHECK(while_waiting(happened.waiting(), [&] { happened.set(); }));
    CHECK(while_waiting(more.waiting(), [&] { more.notify_all(); }));
    CHECK(while_waiting(permits.acquiring(2), [&] { permits.release(2); }));
    CHECK(while_waiting(future.waiting(), [&] { promise.set_value(5); }));
    CHECK(future.get() == 5);
    CHECK(while_waiting(gate.waiting(), [&] { gate.count_down(); }));
    CHECK(while_waiting(work.waiting(), [&] { work.done(); }));
  });
}

TEST_CASE("[row 55] a task group is an arm: drained, with the first error") {
  in_fiber([] {
    weft::task_group group(weft::on_error::keep_going);
    channel<int> never;
    weft::event go;
    for (int i = 0; i < 3; ++i) {
      group.spawn([&, i]() -> weft::result<void> {
        CHECK(go.wait().has_value());
        return i == 1 ? weft::result<void>(weft::fail(weft::errc::end_of_stream))
                      : weft::result<void>();
      });
    }
    const auto drained = [&](auto... more) {
      return select(weft::on(group.waiting()),
                    weft::on(never.receiving(), [](weft::result<int>) {}), more...);
    };
    CHECK(error_of(drained(weft::after(1ms))) == weft::errc::timed_out);
    go.set();
    CHECK(error_of(drained()) == weft::errc::end_of_stream);
    CHECK(drained().has_value());
    CHECK(group.wait().has_value());
  });
}

TEST_CASE("[row 55] any type with the arm protocol can be selected") {
  in_fiber([] {
    counter mine;
    channel<int> other;
    mine.count();
    CHECK(select(weft::on(other.receiving()), weft::on(counter::arm(mine))) == 0);
    auto fiber = weft::spawn([&] {
      CHECK(weft::sleep_for(1ms).has_value());
      mine.count();
    });
    CHECK(select(weft::on(other.receiving()),
                 weft::on(counter::arm(mine), [](int n) { return n + 10; })) == 11);
    CHECK(fiber.join().has_value());
    CHECK(error_of(select(weft::on(other.receiving()), weft::on(counter::arm(mine)),
                          weft::after(1ms))) == weft::errc::timed_out);
    mine.count();
    CHECK(soon(counter::arm(mine)) == 2);
  });
}

TEST_CASE("[row 55] nothing is lost when everything happens at once") {
  for (const unsigned workers : {1U, 2U, 8U}) {
    CAPTURE(workers);
    test_runtime r({.workers = workers, .background = true});
    const int each = static_cast<int>(rounds(4000));
    channel<int> numbers;
    weft::semaphore permits(0);
    counter counts;
    std::atomic<int> received{0};
    std::atomic<int> acquired{0};
    std::atomic<int> counted{0};
    weft::event stop;
    const auto consume = [&] {
      bool stopped = false;
      while (!stopped) {
        (void)select(weft::on(numbers.receiving(), [&](weft::result<int>) { ++received; }),
                     weft::on(permits.acquiring(),
                              [&](weft::result<weft::semaphore::permit> p) {
                                acquired += static_cast<int>(p->forget());
                              }),
                     weft::on(counter::arm(counts), [&](int) { ++counted; }),
                     weft::after(std::chrono::microseconds(50), [] {}),
                     weft::on(stop.waiting(), [&] { stopped = true; }));
      }
    };
    std::vector<weft::join_handle<void>> consumers;
    for (int i = 0; i < 3; ++i) {
      consumers.push_back(r->spawn(consume));
    }
    std::thread outside(consume);
    std::vector<weft::join_handle<void>> producers;
    producers.push_back(r->spawn([&] {
      for (int i = 0; i < each; ++i) {
        CHECK(numbers.send(i).has_value());
      }
    }));
    producers.push_back(r->spawn([&] {
      for (int i = 0; i < each; ++i) {
        permits.release();
        if (i % 8 == 0) {
          weft::yield();
        }
      }
    }));
    producers.push_back(r->spawn([&] {
      for (int i = 0; i < each; ++i) {
        counts.count();
        if (i % 8 == 0) {
          weft::yield();
        }
      }
    }));
    for (auto& p : producers) {
      CHECK(p.join().has_value());
    }
    while (received != each || acquired != each || counted != each) {
      std::this_thread::sleep_for(1ms);  // the watchdog ends this if something was lost
    }
    stop.set();
    for (auto& c : consumers) {
      CHECK(c.join().has_value());
    }
    outside.join();
    CHECK(received == each);
    CHECK(acquired == each);
    CHECK(counted == each);
  }
}
