#include <chrono>
#include <cstddef>
#include <mutex>
#include <span>
#include <thread>

#include <weft/io/run.hpp>
#include <weft/net/tcp.hpp>
#include <weft/runtime/blocking.hpp>
#include <weft/runtime/cancel.hpp>
#include <weft/runtime/deadlock.hpp>
#include <weft/runtime/runtime.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/spawn.hpp>
#include <weft/sync/event.hpp>
#include <weft/sync/mutex.hpp>
#include <weft/sync/task_group.hpp>

#include "programs.hpp"

using namespace std::chrono_literals;

/// What waits for several looks of the monitor, and yet is no deadlock.
namespace weft::testing {

namespace {

constexpr auto a_while = 450ms;

void sleeper_sets_event() {
  runtime r({.workers = 2});
  r.run([] {
    event e;
    auto late = spawn([&] {
      (void)sleep_for(a_while);
      e.set();
    });
    (void)e.wait();
    (void)late.join();
  });
}

void stranger_sets_event() {
  runtime r({.workers = 2});
  event e;
  std::thread stranger([&] {
    std::this_thread::sleep_for(a_while);
    e.set();
  });
  r.run([&] { (void)e.wait(); });
  stranger.join();
}

void pool_sets_event() {
  runtime r({.workers = 2});
  r.run([] {
    event e;
    auto caller = spawn([&] {
      return blocking([&] {
        std::this_thread::sleep_for(a_while);
        e.set();
      });
    });
    (void)e.wait();
    (void)caller.join();
  });
}

void scope_ends_wait() {
  runtime r({.workers = 2});
  r.run([] {
    event never;
    timeout_scope limit(a_while);
    task_group tasks;
    (void)tasks.spawn([&] { return never.wait(); });
    (void)tasks.wait();
  });
}

void limit_ends_wait() {
  runtime r({.workers = 2});
  r.run([] {
    mutex m;
    std::lock_guard hold(m);
    auto impatient = spawn([&] { return m.try_lock_for(a_while); });
    (void)impatient.join();
  });
}

/// A circle that its maker breaks.
void cancelled_circle() {
  runtime r({.workers = 2});
  r.run([] {
    mutex a;
    mutex b;
    event one;
    event other;
    auto left = spawn([&] {
      std::lock_guard hold(a);
      one.set();
      (void)other.wait();
      if (b.lock_cancelable()) {
        b.unlock();
      }
    });
    auto right = spawn([&] {
      std::lock_guard hold(b);
      other.set();
      (void)one.wait();
      if (a.lock_cancelable()) {
        a.unlock();
      }
    });
    (void)sleep_for(a_while);
    left.cancel();
    right.cancel();
  });
}

void reader_behind_impatient_writer() {
  runtime r({.workers = 2});
  r.run([] {
    mutex m;
    m.lock();
    auto waiter = spawn([&] { std::lock_guard hold(m); });
    (void)sleep_for(a_while);
    m.unlock();
    (void)waiter.join();
  });
}

void peer_sends_late() {
  run([] {
    auto listener = listen("127.0.0.1:0");
    auto late = spawn([at = listener->local_endpoint()] {
      auto peer = connect(*at);
      (void)sleep_for(a_while);
      (void)peer->write_all(std::as_bytes(std::span("x", 1)));
    });
    auto peer = listener->accept();
    std::byte byte{};
    (void)peer->read(std::span(&byte, 1));
    (void)late.join();
  });
}

void only_thread_that_made_fibers() {
  runtime r({.workers = 2, .background = true});
  event e;
  auto waiter = r.spawn([&] { (void)e.wait(); });
  std::this_thread::sleep_for(a_while);
  e.set();
  (void)waiter.join();
}

void nothing_to_do() {
  runtime r({.workers = 2, .background = true});
  std::this_thread::sleep_for(a_while);
}

constexpr deadlock_program all[] = {
    {"alive_sleeper", sleeper_sets_event},
    {"alive_stranger", stranger_sets_event},
    {"alive_pool", pool_sets_event},
    {"alive_scope", scope_ends_wait},
    {"alive_limit", limit_ends_wait},
    {"alive_circle", cancelled_circle},
    {"alive_holder", reader_behind_impatient_writer},
    {"alive_peer", peer_sends_late},
    {"alive_outside", only_thread_that_made_fibers},
    {"alive_idle", nothing_to_do},
};

}  // namespace

std::span<const deadlock_program> live_programs() {
  return all;
}

}  // namespace weft::testing
