#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <new>
#include <string>
#include <utility>

#include <aligned_memory.hpp>
#include <doctest/doctest.h>
#include <support/test_runtime.hpp>

#include <weft/runtime/cancel.hpp>
#include <weft/runtime/interval.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/spawn.hpp>
#include <weft/runtime/wall_clock.hpp>
#include <weft/runtime/yield.hpp>
#include <weft/sync/barrier.hpp>
#include <weft/sync/broadcast.hpp>
#include <weft/sync/channel.hpp>
#include <weft/sync/condition_variable.hpp>
#include <weft/sync/deadline.hpp>
#include <weft/sync/event.hpp>
#include <weft/sync/futex.hpp>
#include <weft/sync/graceful_shutdown.hpp>
#include <weft/sync/latch.hpp>
#include <weft/sync/mutex.hpp>
#include <weft/sync/notify.hpp>
#include <weft/sync/recursive_mutex.hpp>
#include <weft/sync/select.hpp>
#include <weft/sync/semaphore.hpp>
#include <weft/sync/shared_mutex.hpp>
#include <weft/sync/wait_group.hpp>
#include <weft/sync/watch.hpp>

/// No wait allocates: this program counts every use of the heap.
using namespace std::chrono_literals;
using namespace weft::testing;

namespace {

std::atomic<long> allocations{0};

void* allocate(std::size_t size) {
  ++allocations;
  if (void* const at = std::malloc(size)) {
    return at;
  }
  throw std::bad_alloc();
}

void* allocate(std::size_t size, std::align_val_t alignment) {
  ++allocations;
  if (void* const at = allocate_aligned(size, static_cast<std::size_t>(alignment))) {
    return at;
  }
  throw std::bad_alloc();
}

}  // namespace

void* operator new(std::size_t size) {
  return allocate(size);
}
void* operator new(std::size_t size, std::align_val_t alignment) {
  return allocate(size, alignment);
}
void operator delete(void* at) noexcept {
  std::free(at);
}
void operator delete(void* at, std::size_t) noexcept {
  std::free(at);
}
void operator delete(void* at, std::align_val_t) noexcept {
  free_aligned(at);
}
void operator delete(void* at, std::size_t, std::align_val_t) noexcept {
  free_aligned(at);
}

namespace {

/// `wait()` waits and `release()`, by another fiber, ends that, turn by turn. Nothing is allocated
/// once both have begun.
template <class Wait, class Release>
void check_no_allocation(const std::string& what, Wait wait, Release release) {
  CAPTURE(what);
  constexpr int turns = 8;
  long used = -1;
  bool waits = false;
  auto other = weft::spawn([&] {
    for (int i = 0; i < turns; ++i) {
      while (!waits) {  // NOLINT(bugprone-infinite-loop): the other fiber ends it
        weft::yield();
      }
      waits = false;
      release();
    }
  });
  weft::yield();
  const long before = allocations.load();
  for (int i = 0; i < turns; ++i) {
    waits = true;
    wait();
  }
  used = allocations.load() - before;
  CHECK(other.join().has_value());
  CHECK(used == 0);
}

/// The same for a wait that ends by itself.
template <class Wait>
void check_no_allocation(const std::string& what, Wait wait) {
  CAPTURE(what);
  wait();
  const long before = allocations.load();
  for (int i = 0; i < 8; ++i) {
    wait();
  }
  const long used = allocations.load() - before;
  CHECK(used == 0);
}

/// What this allocates does not count: a broadcast and a watch keep values that others still read.
template <class F>
void uncounted(F f) {
  const long before = allocations.load();
  f();
  allocations.store(before);
}

/// With a lock: the other fiber has it, and gives it back while this one waits for it.
template <class Mutex>
void check_lock(const std::string& what) {
  Mutex m;
  weft::event held(weft::event_reset::automatic);
  auto owner = weft::spawn([&] {
    for (int i = 0; i < 8; ++i) {
      m.lock();
      held.set();
      weft::yield();
      weft::yield();
      m.unlock();
      weft::yield();
    }
  });
  weft::yield();
  CAPTURE(what);
  const long before = allocations.load();
  for (int i = 0; i < 8; ++i) {
    (void)held.wait();
    m.lock();
    m.unlock();
  }
  const long used = allocations.load() - before;
  CHECK(owner.join().has_value());
  CHECK(used == 0);
}

}  // namespace

TEST_CASE("[row 47] the count is right: what allocates is seen") {
  const long before = allocations.load();
  delete new int(3);
  CHECK(allocations.load() == before + 1);
}

TEST_CASE("[row 47] waiting for a lock allocates nothing") {
  in_fiber(
      [] {
        check_lock<weft::mutex>("mutex");
        check_lock<weft::recursive_mutex>("recursive_mutex");
        check_lock<weft::shared_mutex>("shared_mutex");
        weft::mutex m;
        weft::condition_variable changed;
        check_no_allocation(
            "condition_variable",
            [&] {
              std::unique_lock hold(m);
              CHECK(changed.wait(hold).has_value());
            },
            [&] {
              const std::lock_guard hold(m);
              changed.notify_one();
            });
      },
      {.workers = 1});
}

TEST_CASE("[row 47] waiting for something to happen allocates nothing") {
  in_fiber(
      [] {
        const auto automatic = weft::event_reset::automatic;
        weft::event happened(automatic);
        weft::notify told;
        weft::semaphore permits(0);
        weft::barrier meeting(2);
        weft::wait_group work;
        std::atomic<std::uint32_t> word{0};
        check_no_allocation("event", [&] { (void)happened.wait(); }, [&] { happened.set(); });
        check_no_allocation("notify", [&] { (void)told.wait(); }, [&] { told.notify_one(); });
        check_no_allocation(
            "semaphore", [&] { permits.acquire()->forget(); }, [&] { permits.release(); });
        check_no_allocation(
            "barrier", [&] { (void)meeting.arrive_and_wait(); },
            [&] { (void)meeting.arrive_and_wait(); });
        check_no_allocation(
            "wait_group",
            [&] {
              work.add();
              (void)work.wait();
            },
            [&] { work.done(); });
        check_no_allocation(
            "futex", [&] { (void)weft::futex_wait(word, 0); }, [&] { weft::futex_wake_all(word); });
      },
      {.workers = 1});
}

TEST_CASE("[row 47] waiting for a value allocates nothing") {
  in_fiber(
      [] {
        weft::channel<int> unbuffered;
        weft::channel<int> buffered(2);
        weft::broadcast<int> news(4);
        weft::watch<int> level(0);
        auto heard = news.subscribe();
        auto seen = level.subscribe();
        check_no_allocation(
            "receive", [&] { (void)unbuffered.receive(); }, [&] { (void)unbuffered.send(1); });
        check_no_allocation(
            "send", [&] { (void)unbuffered.send(1); }, [&] { (void)unbuffered.receive(); });
        check_no_allocation(
            "buffered receive", [&] { (void)buffered.receive(); }, [&] { (void)buffered.send(1); });
        check_no_allocation(
            "broadcast", [&] { (void)heard.receive(); },
            [&] { uncounted([&] { (void)news.send(1); }); });
        check_no_allocation(
            "watch", [&] { (void)seen.changed(); },
            [&] { uncounted([&] { (void)level.set(1); }); });
      },
      {.workers = 1});
}

TEST_CASE("[row 47] select, time-outs and timers allocate nothing") {
  in_fiber(
      [] {
        weft::channel<int> numbers;
        weft::channel<int> never;
        weft::event quiet;
        weft::interval every(10us);
        check_no_allocation(
            "select",
            [&] {
              (void)weft::select(weft::on(numbers.receiving()), weft::on(never.receiving()),
                                 weft::on(quiet.waiting(), [] { return weft::result<int>(0); }),
                                 weft::after(1h));
            },
            [&] { (void)numbers.send(1); });
        check_no_allocation("time-out", [&] { (void)quiet.wait_for(10us); });
        check_no_allocation("a scope's end", [&] {
          weft::timeout_scope limit(10us);
          weft::cancel_scope ended;
          (void)quiet.wait();
          ended.cancel();
          (void)quiet.wait();
        });
        check_no_allocation("sleep", [&] { (void)weft::sleep_for(10us); });
        check_no_allocation("interval", [&] { (void)weft::select(weft::on(every.ticking())); });
        check_no_allocation("wall clock", [&] {
          (void)weft::select(weft::on(weft::reaching(weft::wall_clock::now() + 10us)));
        });
        check_no_allocation("deadline", [&] {
          weft::deadline end(10us);
          (void)weft::select(weft::on(end.waiting()), weft::on(quiet.waiting()));
        });
      },
      {.workers = 1});
}
