#include <memory>
#include <mutex>
#include <shared_mutex>

#include <explore/holds.hpp>

#include <weft/runtime/detail/atomic.hpp>
#include <weft/sync/mutex.hpp>
#include <weft/sync/recursive_mutex.hpp>
#include <weft/sync/shared_mutex.hpp>

using namespace std::chrono_literals;
using weft::explore::cancel;
using weft::explore::expect;
using weft::explore::holds;
using weft::explore::together;

namespace {

/// What only its owner may touch.
struct guarded {
  weft::mutex guard;
  int inside = 0;
  int visits = 0;

  /// With the mutex.
  void visit() {
    expect(inside++ == 0, "one owner at a time");
    (void)guard.try_lock();  // a step at which others may intrude; fails
    ++visits;
    --inside;
  }
  void lock_and_visit() {
    std::lock_guard hold(guard);
    visit();
  }
};

}  // namespace

TEST_CASE("[row 148] a mutex has one owner at a time and lets everyone in") {
  holds([] {
    guarded data;
    const auto visit = [&] { data.lock_and_visit(); };
    together({visit, visit, visit});
    expect(data.visits == 3, "all have been inside");
    expect(data.guard.waiters() == 0, "nobody is left in the queue");
  });
}

TEST_CASE("[row 148] owners that come again starve nobody") {
  holds(
      [] {
        guarded data;
        const auto visit_often = [&] {
          for (int i = 0; i < 3; ++i) {
            data.lock_and_visit();
          }
        };
        together({visit_often, visit_often});
        expect(data.visits == 6, "all have been inside");
      },
      {.preemptions = 3});
}

TEST_CASE("[row 148] three owners that come again starve nobody, whoever gives up meanwhile") {
  holds(
      [] {
        guarded data;
        const auto visit_twice = [&] {
          data.lock_and_visit();
          data.lock_and_visit();
        };
        together({visit_twice, visit_twice, visit_twice});
        expect(data.visits == 6, "all have been inside");
      },
      {.preemptions = 2});
  holds(
      [] {
        guarded data;
        const auto visit_twice = [&] {
          data.lock_and_visit();
          data.lock_and_visit();
        };
        together({[&] {
                    if (data.guard.lock_cancelable()) {
                      data.visit();
                      data.guard.unlock();
                    }
                  },
                  visit_twice, visit_twice, [] { cancel(1); }});
        expect(data.visits >= 4, "all have been inside");
      },
      {.preemptions = 2});
}

TEST_CASE(
    "[row 148] a waiter of a mutex that is cancelled or late leaves the others their wake-up") {
  holds([] {
    guarded data;
    int visits = 0;
    const auto visit = [&] {
      data.lock_and_visit();
      ++visits;
    };
    together({[&] {
                if (data.guard.lock_cancelable()) {
                  data.visit();
                  data.guard.unlock();
                  ++visits;
                }
              },
              visit, visit, [] { cancel(1); }});
    expect(data.visits == visits, "a lock that failed is not owned");
  });
  holds([] {
    guarded data;
    int visits = 0;
    const auto try_to_visit = [&] {
      if (data.guard.try_lock_for(1ms)) {
        data.visit();
        data.guard.unlock();
        ++visits;
      }
    };
    together({try_to_visit, [&] { data.lock_and_visit(); }, try_to_visit});
    expect(data.visits == visits + 1, "a lock that failed is not owned");
    expect(data.guard.try_lock(), "nobody owns it");
    data.guard.unlock();
  });
}

TEST_CASE("[row 148] the next owner may destroy a mutex while the last unlock is returning") {
  holds(
      [] {
        auto* const data = new guarded;
        const auto visit = [=] {
          data->guard.lock();
          data->visit();
          const bool last = data->visits == 2;
          data->guard.unlock();
          if (last) {
            delete data;
          }
        };
        together({visit, visit});
      },
      {.preemptions = 3});
}

TEST_CASE("[row 148] also after a waiter has given up") {
  holds([] {
    auto* const guard = new weft::mutex;
    weft::detail::atomic<int> stage{0};
    const auto reach = [&](int next) {
      while (stage.load() < next) {
        weft::detail::cpu_relax();
      }
    };
    together({[&] {
                guard->lock();
                stage.store(1);
                cancel(2);
                guard->unlock();
              },
              [&] {
                reach(1);
                if (guard->lock_cancelable()) {
                  guard->unlock();
                }
                stage.store(2);
              },
              [&] {
                reach(2);
                guard->lock();
                guard->unlock();
                delete guard;
              }});
  });
}

TEST_CASE("[row 148] a shared mutex has readers or one writer") {
  holds([] {
    weft::shared_mutex guard;
    int readers = 0;
    int writers = 0;
    const auto write = [&] {
      std::lock_guard hold(guard);
      expect(writers++ == 0 && readers == 0, "a writer is alone");
      (void)guard.try_lock();
      --writers;
    };
    const auto read = [&] {
      std::shared_lock hold(guard);
      ++readers;
      expect(writers == 0, "no writer while anyone reads");
      (void)guard.try_lock();
      --readers;
    };
    together({write, read, read});
    expect(guard.try_lock(), "nobody owns it");
    guard.unlock();
  });
}

TEST_CASE("[row 148] a writer of a shared mutex that gives up lets the readers behind it in") {
  holds(
      [] {
        weft::shared_mutex guard;
        together({[&] { std::shared_lock hold(guard); },
                  [&] {
                    if (guard.lock_cancelable()) {
                      guard.unlock();
                    }
                  },
                  [&] { std::shared_lock hold(guard); }, [] { cancel(2); }});
        expect(guard.try_lock(), "nobody owns it");
        guard.unlock();
      },
      {.preemptions = 2});
}

TEST_CASE("[row 148] a recursive mutex is free after as many unlocks as locks") {
  holds(
      [] {
        weft::recursive_mutex guard;
        int inside = 0;
        const auto visit = [&] {
          std::lock_guard outer(guard);
          expect(inside++ == 0, "one owner at a time");
          {
            std::lock_guard inner(guard);
          }
          --inside;
        };
        together({visit, visit});
      },
      {.preemptions = 3});
}
