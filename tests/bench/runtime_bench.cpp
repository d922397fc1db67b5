// The scheduler's own costs. Each figure is the time of one operation as a program would call it.

#include <chrono>
#include <cstdint>
#include <fstream>
#include <vector>

#include <benchmark/benchmark.h>
#include <unistd.h>

#include <weft/runtime/cancel.hpp>
#include <weft/runtime/runtime.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/spawn.hpp>
#include <weft/runtime/yield.hpp>
#include <weft/sync/event.hpp>
#include <weft/sync/latch.hpp>
#include <weft/sync/task_group.hpp>

namespace {

using namespace std::chrono_literals;

/// Runs `body(state)` in a fiber of a runtime with as many workers as the benchmark's argument
/// says.
template <class Body>
void in_fiber(benchmark::State& state, Body body) {
  weft::runtime runtime({.workers = static_cast<unsigned>(state.range(0))});
  runtime.run([&] { body(state); });
}

void yield_alone(benchmark::State& state) {
  in_fiber(state, [](benchmark::State& s) {
    for (auto _ : s) {
      weft::yield();
    }
  });
}
BENCHMARK(yield_alone)->Arg(1);

/// One iteration is a yield of each of two fibers: two switches.
void yield_between_two(benchmark::State& state) {
  in_fiber(state, [](benchmark::State& s) {
    bool done = false;
    auto other = weft::spawn([&done] {
      while (!done) {
        weft::yield();
      }
    });
    for (auto _ : s) {
      weft::yield();
    }
    done = true;
    (void)other.join();
    s.SetItemsProcessed(2 * s.iterations());
  });
}
BENCHMARK(yield_between_two)->Arg(1);

void spawn_and_join(benchmark::State& state) {
  in_fiber(state, [](benchmark::State& s) {
    for (auto _ : s) {
      auto fiber = weft::spawn([] {});
      (void)fiber.join();
    }
  });
}
BENCHMARK(spawn_and_join)->Arg(1)->Arg(2);

void spawn_a_million_then_join(benchmark::State& state) {
  constexpr std::int64_t count = 1'000'000;
  in_fiber(state, [](benchmark::State& s) {
    std::vector<weft::join_handle<void>> fibers(count);
    for (auto _ : s) {
      for (auto& fiber : fibers) {
        fiber = weft::spawn([] {});
      }
      for (auto& fiber : fibers) {
        (void)fiber.join();
      }
    }
    s.SetItemsProcessed(count * s.iterations());
  });
}
BENCHMARK(spawn_a_million_then_join)->Arg(1)->Arg(2)->Unit(benchmark::kMillisecond)->UseRealTime();

void a_million_in_a_group(benchmark::State& state) {
  constexpr std::int64_t count = 1'000'000;
  in_fiber(state, [](benchmark::State& s) {
    for (auto _ : s) {
      weft::task_group group;
      for (std::int64_t i = 0; i < count; ++i) {
        group.spawn([] {});
      }
      (void)group.wait();
    }
    s.SetItemsProcessed(count * s.iterations());
  });
}
BENCHMARK(a_million_in_a_group)->Arg(1)->Arg(2)->Unit(benchmark::kMillisecond)->UseRealTime();

/// What a deadline costs that does not strike: a scope entered and left, the clock read.
void timeout_scope_unused(benchmark::State& state) {
  in_fiber(state, [](benchmark::State& s) {
    for (auto _ : s) {
      weft::timeout_scope limit(30s);
      benchmark::DoNotOptimize(&limit);
    }
  });
}
BENCHMARK(timeout_scope_unused)->Arg(1);

void cancel_scope_unused(benchmark::State& state) {
  in_fiber(state, [](benchmark::State& s) {
    for (auto _ : s) {
      weft::cancel_scope scope;
      benchmark::DoNotOptimize(&scope);
    }
  });
}
BENCHMARK(cancel_scope_unused)->Arg(1);

/// A million fibers asleep at once for 1 to 1000 ms each; the processor time is what counts.
void a_million_sleeps(benchmark::State& state) {
  constexpr std::int64_t count = 1'000'000;
  in_fiber(state, [](benchmark::State& s) {
    for (auto _ : s) {
      weft::task_group group;
      for (std::int64_t i = 0; i < count; ++i) {
        group.spawn([wait = std::chrono::milliseconds(1 + i * 7919 % 1000)] {
          (void)weft::sleep_for(wait);
        });
      }
      (void)group.wait();
    }
    s.SetItemsProcessed(count * s.iterations());
  });
}
BENCHMARK(a_million_sleeps)
    ->Arg(1)
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond)
    ->MeasureProcessCPUTime();

/// What a fiber that waits costs in memory: resident memory, without the kernel's own for page
/// tables and guards. The first run counts, before any memory is there to be used again.
void memory_of_parked_fibers(benchmark::State& state) {
  const auto resident_bytes = [] {
    std::ifstream statm("/proc/self/statm");
    std::int64_t total = 0;
    std::int64_t resident = 0;
    statm >> total >> resident;
    return resident * ::sysconf(_SC_PAGESIZE);
  };
  const std::int64_t count = state.range(0);
  weft::runtime runtime({.workers = 1});
  runtime.run([&] {
    for (auto _ : state) {
      const std::int64_t before = resident_bytes();
      weft::latch all_wait(static_cast<std::size_t>(count));
      weft::event go;
      weft::task_group group;
      for (std::int64_t i = 0; i < count; ++i) {
        group.spawn([&] {
          all_wait.count_down();
          (void)go.wait();
        });
      }
      (void)all_wait.wait();
      state.counters["bytes_each"] =
          static_cast<double>(resident_bytes() - before) / static_cast<double>(count);
      go.set();
      (void)group.wait();
    }
  });
}
BENCHMARK(memory_of_parked_fibers)->Arg(100'000)->Arg(1'000'000)->Iterations(1);

}  // namespace

BENCHMARK_MAIN();
