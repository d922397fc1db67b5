#include <array>
#include <chrono>
#include <mutex>
#include <shared_mutex>

#include <weft/runtime/runtime.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/spawn.hpp>
#include <weft/runtime/yield.hpp>
#include <weft/sync/latch.hpp>
#include <weft/sync/mutex.hpp>
#include <weft/sync/once_flag.hpp>
#include <weft/sync/recursive_mutex.hpp>
#include <weft/sync/shared_mutex.hpp>
#include <weft/sync/task_group.hpp>

#include "programs.hpp"

using namespace std::chrono_literals;

namespace weft::testing {

namespace {

/// Each locks its first, waits until the other has, and locks its second.
template <class First, class Second>
void cross() {
  runtime r({.workers = 2});
  r.run([] {
    First a;
    Second b;
    latch both(2);
    auto left = spawn({.name = "left"}, [&] {
      std::lock_guard first(a);
      (void)both.arrive_and_wait();
      std::lock_guard second(b);
    });
    auto right = spawn({.name = "right"}, [&] {
      std::lock_guard first(b);
      (void)both.arrive_and_wait();
      std::lock_guard second(a);
    });
    (void)left.join();
    (void)right.join();
  });
}

void philosophers() {
  runtime r({.workers = 2});
  r.run([] {
    std::array<mutex, 5> forks;
    latch all(forks.size());
    task_group table;
    for (std::size_t i = 0; i < forks.size(); ++i) {
      (void)table.spawn({.name = "philosopher"}, [&, i] {
        std::lock_guard left(forks[i]);
        (void)all.arrive_and_wait();
        std::lock_guard right(forks[(i + 1) % forks.size()]);
      });
    }
    (void)table.wait();
  });
}

/// The circle is found while the rest of the program goes on.
void cross_among_others() {
  runtime r({.workers = 2});
  r.run([] {
    mutex a;
    mutex b;
    latch both(2);
    auto busy = spawn([] {
      for (;;) {
        (void)sleep_for(1ms);
      }
    });
    auto left = spawn({.name = "left"}, [&] {
      std::lock_guard first(a);
      (void)both.arrive_and_wait();
      std::lock_guard second(b);
    });
    auto right = spawn({.name = "right"}, [&] {
      std::lock_guard first(b);
      (void)both.arrive_and_wait();
      std::lock_guard second(a);
    });
    (void)busy.join();
  });
}

void two_upgrade() {
  runtime r({.workers = 2});
  r.run([] {
    shared_mutex m;
    latch both(2);
    const auto upgrade = [&] {
      std::shared_lock reading(m);
      (void)both.arrive_and_wait();
      std::lock_guard writing(m);
    };
    auto one = spawn({.name = "one"}, upgrade);
    auto other = spawn({.name = "other"}, upgrade);
    (void)one.join();
    (void)other.join();
  });
}

void reads_again_behind_writer() {
  runtime r({.workers = 1});
  r.run([] {
    shared_mutex m;
    auto reader = spawn({.name = "reader"}, [&] {
      std::shared_lock first(m);
      while (m.waiters() == 0) {
        yield();
      }
      std::shared_lock second(m);
    });
    auto writer = spawn({.name = "writer"}, [&] { std::lock_guard hold(m); });
    (void)reader.join();
    (void)writer.join();
  });
}

void joins_under_lock() {
  runtime r({.workers = 2});
  r.run([] {
    mutex m;
    std::lock_guard hold(m);
    auto child = spawn({.name = "child"}, [&] { std::lock_guard second(m); });
    (void)child.join();
  });
}

void drops_handle_under_lock() {
  runtime r({.workers = 2});
  r.run([] {
    mutex m;
    std::lock_guard hold(m);
    auto child = spawn({.name = "child"}, [&] { std::lock_guard second(m); });
  });
}

void ends_group_under_lock() {
  runtime r({.workers = 2});
  r.run([] {
    mutex m;
    std::lock_guard hold(m);
    task_group tasks;
    (void)tasks.spawn({.name = "task"}, [&] { std::lock_guard second(m); });
  });
}

void threads_and_fibers() {
  mutex a;
  mutex b;
  latch both(2);
  runtime r({.workers = 1, .background = true});
  auto fiber = r.spawn({.name = "fiber"}, [&] {
    std::lock_guard first(a);
    (void)both.arrive_and_wait();
    std::lock_guard second(b);
  });
  std::lock_guard first(b);
  (void)both.arrive_and_wait();
  std::lock_guard second(a);
}

void crossed_once_flags() {
  runtime r({.workers = 2});
  r.run([] {
    once_flag a;
    once_flag b;
    latch both(2);
    auto left = spawn({.name = "left"}, [&] {
      (void)call_once(a, [&] {
        (void)both.arrive_and_wait();
        (void)call_once(b, [] {});
      });
    });
    auto right = spawn({.name = "right"}, [&] {
      (void)call_once(b, [&] {
        (void)both.arrive_and_wait();
        (void)call_once(a, [] {});
      });
    });
    (void)left.join();
    (void)right.join();
  });
}

void leaves_lock_behind() {
  runtime r({.workers = 2});
  r.run([] {
    mutex m;
    auto careless = spawn([&] { m.lock(); });
    (void)careless.join();
    m.lock();
  });
}

constexpr deadlock_program all[] = {
    {"mutexes", cross<mutex, mutex>},
    {"recursive", cross<recursive_mutex, mutex>},
    {"writers", cross<shared_mutex, shared_mutex>},
    {"philosophers", philosophers},
    {"among_others", cross_among_others},
    {"upgrade", two_upgrade},
    {"reads_again", reads_again_behind_writer},
    {"join_under_lock", joins_under_lock},
    {"drop_under_lock", drops_handle_under_lock},
    {"group_under_lock", ends_group_under_lock},
    {"threads", threads_and_fibers},
    {"once_flags", crossed_once_flags},
    {"left_behind", leaves_lock_behind},
};

}  // namespace

std::span<const deadlock_program> lock_deadlocks() {
  return all;
}

}  // namespace weft::testing
