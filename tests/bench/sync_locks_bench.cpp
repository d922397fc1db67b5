// What the locks and signals of sync cost. Absolute figures of two sessions do not compare: read
// them against cas_and_store, the price of a spinlock on this machine at this minute.

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <shared_mutex>
#include <thread>
#include <vector>

#include <benchmark/benchmark.h>

#include <weft/runtime/runtime.hpp>
#include <weft/runtime/spawn.hpp>
#include <weft/runtime/yield.hpp>
#include <weft/sync/barrier.hpp>
#include <weft/sync/condition_variable.hpp>
#include <weft/sync/event.hpp>
#include <weft/sync/futex.hpp>
#include <weft/sync/latch.hpp>
#include <weft/sync/mutex.hpp>
#include <weft/sync/notify.hpp>
#include <weft/sync/once_flag.hpp>
#include <weft/sync/promise.hpp>
#include <weft/sync/recursive_mutex.hpp>
#include <weft/sync/semaphore.hpp>
#include <weft/sync/shared_mutex.hpp>
#include <weft/sync/wait_group.hpp>

namespace {

constexpr std::int64_t batch = 100'000;

/// Runs `body(state)` in a fiber of a runtime with as many workers as the benchmark's argument
/// says.
template <class Body>
void in_fiber(benchmark::State& state, Body body) {
  weft::runtime runtime({.workers = static_cast<unsigned>(state.range(0))});
  runtime.run([&] { body(state); });
}

/// Times `count` calls of `operation` as one iteration; the machine's pairs of calls are so short
/// that the loop of the benchmark itself would show.
template <class Operation>
void in_batches(benchmark::State& state, Operation operation) {
  for (auto _ : state) {
    for (std::int64_t i = 0; i < batch; ++i) {
      operation();
      benchmark::ClobberMemory();
    }
  }
  state.counters["each"] =
      benchmark::Counter(static_cast<double>(batch * state.iterations()),
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

template <class Operation>
void uncontended(benchmark::State& state, Operation operation) {
  in_fiber(state, [&](benchmark::State& s) { in_batches(s, std::ref(operation)); });
}

void cas_and_store(benchmark::State& state) {
  std::atomic<std::uint8_t> word{0};
  uncontended(state, [&] {
    std::uint8_t expected = 0;
    benchmark::DoNotOptimize(word.compare_exchange_strong(expected, 1, std::memory_order_acquire,
                                                          std::memory_order_relaxed));
    word.store(0, std::memory_order_release);
  });
}
BENCHMARK(cas_and_store)->Arg(2);

void std_mutex(benchmark::State& state) {
  std::mutex m;
  uncontended(state, [&] { std::lock_guard hold(m); });
}
BENCHMARK(std_mutex)->Arg(2);

void mutex(benchmark::State& state) {
  weft::mutex m;
  uncontended(state, [&] { std::lock_guard hold(m); });
}
BENCHMARK(mutex)->Arg(2);

void recursive_mutex(benchmark::State& state) {
  weft::recursive_mutex m;
  uncontended(state, [&] { std::lock_guard hold(m); });
}
BENCHMARK(recursive_mutex)->Arg(2);

void shared_mutex_write(benchmark::State& state) {
  weft::shared_mutex m;
  uncontended(state, [&] { std::lock_guard hold(m); });
}
BENCHMARK(shared_mutex_write)->Arg(2);

void shared_mutex_read(benchmark::State& state) {
  weft::shared_mutex m;
  uncontended(state, [&] { std::shared_lock hold(m); });
}
BENCHMARK(shared_mutex_read)->Arg(2);

void semaphore(benchmark::State& state) {
  weft::semaphore s(1);
  uncontended(state, [&] { benchmark::DoNotOptimize(s.acquire().has_value()); });
}
BENCHMARK(semaphore)->Arg(2);

void event_set_and_wait(benchmark::State& state) {
  weft::event e(weft::event_reset::automatic);
  uncontended(state, [&] {
    e.set();
    benchmark::DoNotOptimize(e.wait().has_value());
  });
}
BENCHMARK(event_set_and_wait)->Arg(2);

void notify_and_wait(benchmark::State& state) {
  weft::notify n;
  uncontended(state, [&] {
    n.notify_one();
    benchmark::DoNotOptimize(n.wait().has_value());
  });
}
BENCHMARK(notify_and_wait)->Arg(2);

void wait_group_add_done_wait(benchmark::State& state) {
  weft::wait_group g;
  uncontended(state, [&] {
    g.add();
    g.done();
    benchmark::DoNotOptimize(g.wait().has_value());
  });
}
BENCHMARK(wait_group_add_done_wait)->Arg(2);

void latch_count_and_wait(benchmark::State& state) {
  uncontended(state, [&] {
    weft::latch l(1);
    l.count_down();
    benchmark::DoNotOptimize(l.wait().has_value());
  });
}
BENCHMARK(latch_count_and_wait)->Arg(2);

void call_once_done(benchmark::State& state) {
  weft::once_flag flag;
  uncontended(state, [&] { benchmark::DoNotOptimize(weft::call_once(flag, [] {}).has_value()); });
}
BENCHMARK(call_once_done)->Arg(2);

void promise_and_get(benchmark::State& state) {
  uncontended(state, [&] {
    weft::promise<int> p;
    p.set_value(1);
    benchmark::DoNotOptimize(p.get_future().get().has_value());
  });
}
BENCHMARK(promise_and_get)->Arg(2);

void condition_variable_notify_nobody(benchmark::State& state) {
  weft::condition_variable changed;
  uncontended(state, [&] { changed.notify_one(); });
}
BENCHMARK(condition_variable_notify_nobody)->Arg(2);

void futex_wake_nobody(benchmark::State& state) {
  const std::atomic<std::uint32_t> word{0};
  uncontended(state, [&] { benchmark::DoNotOptimize(weft::futex_wake(word)); });
}
BENCHMARK(futex_wake_nobody)->Arg(2);

/// `fibers` of them share `lock` for a short moment each time.
template <class Lock>
void contended(benchmark::State& state, std::int64_t fibers) {
  in_fiber(state, [&](benchmark::State& s) {
    Lock lock;
    std::int64_t count = 0;
    for (auto _ : s) {
      std::vector<weft::join_handle<void>> running;
      for (std::int64_t f = 0; f < fibers; ++f) {
        running.push_back(weft::spawn([&] {
          for (std::int64_t i = 0; i < batch; ++i) {
            std::lock_guard hold(lock);
            ++count;
          }
        }));
      }
      for (auto& fiber : running) {
        (void)fiber.join();
      }
      benchmark::DoNotOptimize(count);
    }
    s.counters["each"] =
        benchmark::Counter(static_cast<double>(fibers * batch * s.iterations()),
                           benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
  });
}

void mutex_eight_fibers(benchmark::State& state) {
  contended<weft::mutex>(state, 8);
}
BENCHMARK(mutex_eight_fibers)->Arg(1)->Arg(2)->UseRealTime();

void shared_mutex_eight_writers(benchmark::State& state) {
  contended<weft::shared_mutex>(state, 8);
}
BENCHMARK(shared_mutex_eight_writers)->Arg(1)->Arg(2)->UseRealTime();

template <class Lock>
void contended_by_threads(benchmark::State& state) {
  static Lock lock;
  static std::int64_t count = 0;
  for (auto _ : state) {
    for (int i = 0; i < 1000; ++i) {
      std::lock_guard hold(lock);
      benchmark::DoNotOptimize(++count);
    }
  }
  state.SetItemsProcessed(1000 * state.iterations());
}
BENCHMARK(contended_by_threads<weft::mutex>)->Threads(4)->UseRealTime();
BENCHMARK(contended_by_threads<std::mutex>)->Threads(4)->UseRealTime();

/// Eight fibers that suspend while they hold the lock: every lock waits.
void mutex_held_across_a_yield(benchmark::State& state) {
  in_fiber(state, [](benchmark::State& s) {
    constexpr std::int64_t fibers = 8;
    constexpr std::int64_t each = batch / 10;
    weft::mutex lock;
    for (auto _ : s) {
      std::vector<weft::join_handle<void>> running;
      for (std::int64_t f = 0; f < fibers; ++f) {
        running.push_back(weft::spawn([&] {
          for (std::int64_t i = 0; i < each; ++i) {
            std::lock_guard hold(lock);
            weft::yield();
          }
        }));
      }
      for (auto& fiber : running) {
        (void)fiber.join();
      }
    }
    s.counters["each"] =
        benchmark::Counter(static_cast<double>(fibers * each * s.iterations()),
                           benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
  });
}
BENCHMARK(mutex_held_across_a_yield)->Arg(1)->Arg(2)->UseRealTime();

/// Two fibers tell each other `batch` times; counts one way.
template <class Tell, class Wait>
void to_and_fro(benchmark::State& state, Tell tell, Wait wait) {
  in_fiber(state, [&](benchmark::State& s) {
    for (auto _ : s) {
      auto other = weft::spawn([&] {
        for (std::int64_t i = 0; i < batch; ++i) {
          wait(0);
          tell(1);
        }
      });
      for (std::int64_t i = 0; i < batch; ++i) {
        tell(0);
        wait(1);
      }
      (void)other.join();
    }
    s.counters["each"] =
        benchmark::Counter(static_cast<double>(2 * batch * s.iterations()),
                           benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
  });
}

void event_to_and_fro(benchmark::State& state) {
  weft::event told[2]{weft::event(weft::event_reset::automatic),
                      weft::event(weft::event_reset::automatic)};
  to_and_fro(
      state, [&](int side) { told[side].set(); }, [&](int side) { (void)told[side].wait(); });
}
BENCHMARK(event_to_and_fro)->Arg(1)->Arg(2)->UseRealTime();

void semaphore_to_and_fro(benchmark::State& state) {
  weft::semaphore told[2]{weft::semaphore(0), weft::semaphore(0)};
  to_and_fro(
      state, [&](int side) { told[side].release(); },
      [&](int side) { told[side].acquire()->forget(); });
}
BENCHMARK(semaphore_to_and_fro)->Arg(1)->Arg(2)->UseRealTime();

void condition_variable_to_and_fro(benchmark::State& state) {
  weft::mutex guard;
  weft::condition_variable changed[2];
  bool told[2] = {};
  to_and_fro(
      state,
      [&](int side) {
        std::lock_guard hold(guard);
        told[side] = true;
        changed[side].notify_one();
      },
      [&](int side) {
        std::unique_lock hold(guard);
        (void)changed[side].wait(hold, [&] { return told[side]; });
        told[side] = false;
      });
}
BENCHMARK(condition_variable_to_and_fro)->Arg(1)->Arg(2)->UseRealTime();

void barrier_of_four(benchmark::State& state) {
  in_fiber(state, [](benchmark::State& s) {
    constexpr std::int64_t parties = 4;
    constexpr std::int64_t each = batch / 10;
    weft::barrier b(parties);
    for (auto _ : s) {
      std::vector<weft::join_handle<void>> running;
      for (std::int64_t f = 0; f < parties; ++f) {
        running.push_back(weft::spawn([&] {
          for (std::int64_t i = 0; i < each; ++i) {
            (void)b.arrive_and_wait();
          }
        }));
      }
      for (auto& fiber : running) {
        (void)fiber.join();
      }
    }
    s.counters["each"] =
        benchmark::Counter(static_cast<double>(parties * each * s.iterations()),
                           benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
  });
}
BENCHMARK(barrier_of_four)->Arg(1)->Arg(2)->UseRealTime();

/// A hundred fibers are spawned and waited for through a wait_group, as Go does it.
void wait_group_of_a_hundred(benchmark::State& state) {
  in_fiber(state, [](benchmark::State& s) {
    constexpr std::int64_t fibers = 100;
    for (auto _ : s) {
      weft::wait_group work(fibers);
      for (std::int64_t f = 0; f < fibers; ++f) {
        weft::spawn([&] { work.done(); }).detach();
      }
      (void)work.wait();
    }
    s.counters["each"] =
        benchmark::Counter(static_cast<double>(fibers * s.iterations()),
                           benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
  });
}
BENCHMARK(wait_group_of_a_hundred)->Arg(1)->Arg(2)->UseRealTime();

}  // namespace
