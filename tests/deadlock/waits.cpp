#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <mutex>

#include <weft/io/run.hpp>
#include <weft/runtime/runtime.hpp>
#include <weft/runtime/spawn.hpp>
#include <weft/runtime/yield.hpp>
#include <weft/sync/barrier.hpp>
#include <weft/sync/channel.hpp>
#include <weft/sync/condition_variable.hpp>
#include <weft/sync/event.hpp>
#include <weft/sync/latch.hpp>
#include <weft/sync/mutex.hpp>
#include <weft/sync/promise.hpp>
#include <weft/sync/select.hpp>
#include <weft/sync/semaphore.hpp>
#include <weft/sync/task_group.hpp>

#include "programs.hpp"

namespace weft::testing {

namespace {

template <auto Body>
void in_runtime() {
  runtime r({.workers = 2});
  r.run([] { Body(); });
}

void each_joins_the_other() {
  struct {
    join_handle<void> one;
    join_handle<void> other;
  } handles;
  latch ready(1);
  handles.one = spawn({.name = "one"}, [&] {
    (void)ready.wait();
    (void)handles.other.join();
  });
  handles.other = spawn({.name = "other"}, [&] {
    (void)ready.wait();
    (void)handles.one.join();
  });
  ready.count_down();
  event never;
  (void)never.wait();
}

void task_waits_for_its_group() {
  task_group tasks;
  event never;
  (void)tasks.spawn({.name = "task"}, [&] { (void)tasks.wait(); });
  (void)never.wait();
}

void nobody_sends() {
  channel<int> c;
  (void)c.receive();
}

void nobody_receives() {
  channel<int> c(1);
  (void)c.send(1);
  (void)c.send(2);
}

void both_receive_first() {
  channel<int> to_left;
  channel<int> to_right;
  auto left = spawn({.name = "left"}, [&] {
    (void)to_left.receive();
    (void)to_right.send(1);
  });
  auto right = spawn({.name = "right"}, [&] {
    (void)to_right.receive();
    (void)to_left.send(1);
  });
  (void)left.join();
  (void)right.join();
}

void selects_among_silent_channels() {
  channel<int> a;
  channel<int> b;
  (void)select(on(a.receiving(), [](result<int>) {}), on(b.receiving(), [](result<int>) {}));
}

void keeps_permit() {
  semaphore s(1);
  event never;
  auto greedy = spawn({.name = "greedy"}, [&] {
    auto permit = s.acquire();
    (void)never.wait();
  });
  while (s.available() != 0) {
    yield();
  }
  auto mine = s.acquire();
}

void nobody_sets_event() {
  event e;
  (void)e.wait();
}

void counts_too_many() {
  latch three(3);
  auto helper = spawn([&] { three.count_down(); });
  (void)three.arrive_and_wait();
}

void one_is_missing() {
  barrier all(3);
  auto helper = spawn({.name = "helper"}, [&] { (void)all.arrive_and_wait(); });
  (void)all.arrive_and_wait();
}

void notifies_too_early() {
  mutex m;
  condition_variable changed;
  std::unique_lock hold(m);
  changed.notify_one();
  (void)changed.wait(hold);
}

void keeps_promise_unkept() {
  promise<int> p;
  (void)p.get_future().get();
}

void waits_for_interrupt_in_vain() {
  std::exit(run_main([] {
    event e;
    (void)e.wait();
  }));
}

constexpr deadlock_program all[] = {
    {"joins", in_runtime<each_joins_the_other>},
    {"own_group", in_runtime<task_waits_for_its_group>},
    {"receive", in_runtime<nobody_sends>},
    {"send", in_runtime<nobody_receives>},
    {"crossed_channels", in_runtime<both_receive_first>},
    {"select", in_runtime<selects_among_silent_channels>},
    {"permit", in_runtime<keeps_permit>},
    {"event", in_runtime<nobody_sets_event>},
    {"latch", in_runtime<counts_too_many>},
    {"barrier", in_runtime<one_is_missing>},
    {"notification", in_runtime<notifies_too_early>},
    {"promise", in_runtime<keeps_promise_unkept>},
    {"main", waits_for_interrupt_in_vain},
};

}  // namespace

std::span<const deadlock_program> wait_deadlocks() {
  return all;
}

}  // namespace weft::testing
