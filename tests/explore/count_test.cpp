#include <mutex>

#include <explore/holds.hpp>

#include <weft/sync/barrier.hpp>
#include <weft/sync/condition_variable.hpp>
#include <weft/sync/event.hpp>
#include <weft/sync/latch.hpp>
#include <weft/sync/mutex.hpp>
#include <weft/sync/wait_group.hpp>

using namespace std::chrono_literals;
using weft::explore::cancel;
using weft::explore::expect;
using weft::explore::holds;
using weft::explore::together;

TEST_CASE("[row 148] a latch holds its waiters until the last count, and then nobody") {
  holds([] {
    weft::latch counted(2);
    int down = 0;
    const auto count = [&] {
      ++down;
      counted.count_down();
    };
    const auto wait = [&] { expect(counted.wait().has_value() && down == 2, "the count is zero"); };
    together({count, count, wait, wait});
  });
}

TEST_CASE("[row 148] who has waited for a latch may destroy it") {
  holds(
      [] {
        auto* const counted = new weft::latch(2);
        together({[=] { counted->count_down(); }, [=] { counted->count_down(); },
                  [=] {
                    expect(counted->wait().has_value(), "nobody cancels");
                    delete counted;
                  }});
      },
      {.preemptions = 3});
}

TEST_CASE("[row 148] a wait for a wait_group that fails leaves the others theirs") {
  holds(
      [] {
        weft::wait_group work(2);
        int ended = 0;
        together({[&] {
                    work.done();
                    work.done();
                  },
                  [&] {
                    expect(work.wait().has_value(), "nobody cancels this one");
                    ++ended;
                  },
                  [&] { (void)work.wait_for(1ms); }, [] { cancel(3); }});
        expect(ended == 1 && work.waiters() == 0, "nobody is left in the queue");
      },
      {.preemptions = 1});
}

TEST_CASE("[row 148] a notification under the mutex is not missed by who waits with it") {
  holds([] {
    weft::mutex guard;
    weft::condition_variable changed;
    int jobs = 0;
    const auto take = [&] {
      std::unique_lock hold(guard);
      expect(changed.wait(hold, [&] { return jobs > 0; }).has_value(), "nobody cancels");
      expect(hold.owns_lock() && jobs-- > 0, "with the mutex, and the condition holds");
    };
    together({take, take, [&] {
                for (int i = 0; i < 2; ++i) {
                  {
                    std::lock_guard hold(guard);
                    ++jobs;
                  }
                  changed.notify_one();
                }
              }});
    expect(jobs == 0, "each job is taken once");
  });
}

TEST_CASE("[row 148] a wait for a condition that fails uses up no notification") {
  holds(
      [] {
        weft::mutex guard;
        weft::condition_variable changed;
        int jobs = 0;
        int taken = 0;
        const auto take = [&](auto wait) {
          std::unique_lock hold(guard);
          if (wait(hold)) {
            --jobs;
            ++taken;
          }
        };
        const auto any = [&] { return jobs > 0; };
        together({[&] {
                    take([&](auto& hold) { return changed.wait_for(hold, 1ms, any).has_value(); });
                  },
                  [&] { take([&](auto& hold) { return changed.wait(hold, any).has_value(); }); },
                  [&] {
                    for (int i = 0; i < 2; ++i) {
                      {
                        std::lock_guard hold(guard);
                        ++jobs;
                      }
                      changed.notify_one();
                    }
                  },
                  [] { cancel(1); }});
        expect(taken + jobs == 2, "a job is taken or still there");
      },
      {.preemptions = 1});
}

TEST_CASE("[row 148] who has notified all may destroy a condition_variable, also of one too late") {
  holds(
      [] {
        weft::mutex guard;
        auto* const changed = new weft::condition_variable;
        bool over = false;
        together({[&] {
                    std::unique_lock hold(guard);
                    while (!over) {
                      (void)changed->wait_for(hold, 1ms);
                    }
                  },
                  [&] {
                    {
                      std::lock_guard hold(guard);
                      over = true;
                      changed->notify_all();
                    }
                    delete changed;
                  }});
      },
      {.preemptions = 3});
}

TEST_CASE("[row 148] an event releases all who wait, and those who come later") {
  holds(
      [] {
        auto* const happened = new weft::event;
        int told = 0;
        const auto wait = [&] { told += happened->wait().has_value() ? 1 : 0; };
        together({wait, wait, [&] { happened->set(); }});
        expect(told == 2 && happened->is_set(), "all are told");
        delete happened;
      },
      {.preemptions = 3});
}

TEST_CASE("[row 148] a barrier opens for all or none, round after round") {
  holds(
      [] {
        weft::barrier gate(2);
        int leaders = 0;
        const auto pass_twice = [&] {
          for (int i = 0; i < 2; ++i) {
            const auto passed = gate.arrive_and_wait();
            expect(passed.has_value(), "nobody cancels");
            leaders += *passed ? 1 : 0;
          }
        };
        together({pass_twice, pass_twice});
        expect(leaders == 2, "each round has one leader");
      },
      {.preemptions = 3});
}

TEST_CASE("[row 148] who has passed a barrier may destroy it, whoever is told late that it has") {
  holds(
      [] {
        auto* const gate = new weft::barrier(2);
        together({[=] {
                    if (!gate->arrive_and_wait_for(1ms)) {
                      expect(gate->arrive_and_wait().has_value(), "nobody cancels");
                    }
                  },
                  [=] {
                    expect(gate->arrive_and_wait().has_value(), "nobody cancels");
                    delete gate;
                  }});
      },
      {.preemptions = 3});
}
