// What calling several functions at once costs, and what only time ends. The first argument is the
// number of workers; the second, where there is one, that of functions or elements.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <numeric>
#include <stop_token>
#include <vector>

#include <benchmark/benchmark.h>

#include <weft/runtime/cancel.hpp>
#include <weft/runtime/cancel_on_stop.hpp>
#include <weft/runtime/interval.hpp>
#include <weft/runtime/runtime.hpp>
#include <weft/runtime/spawn.hpp>
#include <weft/runtime/yield.hpp>
#include <weft/sync/deadline.hpp>
#include <weft/sync/event.hpp>
#include <weft/sync/for_each.hpp>
#include <weft/sync/graceful_shutdown.hpp>
#include <weft/sync/join.hpp>
#include <weft/sync/once_cell.hpp>
#include <weft/sync/select.hpp>
#include <weft/sync/stop_on_cancel.hpp>
#include <weft/sync/task_group.hpp>

namespace {

using namespace std::chrono_literals;

/// Runs `turn` again and again in a fiber of a runtime with as many workers as the first argument
/// says.
template <class Turn>
void in_fiber(benchmark::State& state, Turn turn) {
  weft::runtime runtime({.workers = static_cast<unsigned>(state.range(0))});
  runtime.run([&] {
    for (auto _ : state) {
      turn();
    }
  });
}

/// Counts each function or element, of which a turn has as many as the second argument says.
void each_counts(benchmark::State& state) {
  state.SetItemsProcessed(state.iterations() * state.range(1));
}

std::vector<int> numbers(const benchmark::State& state) {
  std::vector<int> made(static_cast<std::size_t>(state.range(1)));
  std::iota(made.begin(), made.end(), 0);
  return made;
}

std::vector<std::function<int()>> functions(const benchmark::State& state) {
  std::vector<std::function<int()>> made;
  for (const int n : numbers(state)) {
    made.emplace_back([n] { return n; });
  }
  return made;
}

void task_group_spawn_and_wait(benchmark::State& state) {
  in_fiber(state, [&] {
    weft::task_group group;
    for (std::int64_t i = 0; i < state.range(1); ++i) {
      group.spawn([] {});
    }
    benchmark::DoNotOptimize(group.wait().has_value());
  });
  each_counts(state);
}
BENCHMARK(task_group_spawn_and_wait)->ArgsProduct({{1, 2}, {1, 100}})->UseRealTime();

/// With room for eight tasks at a time.
void task_group_limited(benchmark::State& state) {
  in_fiber(state, [&] {
    weft::task_group group({.max_concurrency = 8});
    for (std::int64_t i = 0; i < state.range(1); ++i) {
      (void)group.spawn([] {});
    }
    benchmark::DoNotOptimize(group.wait().has_value());
  });
  each_counts(state);
}
BENCHMARK(task_group_limited)->ArgsProduct({{1, 2}, {100}})->UseRealTime();

void join_all_of_two(benchmark::State& state) {
  in_fiber(state,
           [] { benchmark::DoNotOptimize(weft::join_all([] { return 1; }, [] { return 2; })); });
}
BENCHMARK(join_all_of_two)->Arg(1)->Arg(2)->UseRealTime();

void join_all_of_a_range(benchmark::State& state) {
  const auto all = functions(state);
  in_fiber(state, [&] { benchmark::DoNotOptimize(weft::join_all(all).size()); });
  each_counts(state);
}
BENCHMARK(join_all_of_a_range)->ArgsProduct({{1, 2}, {100}})->UseRealTime();

void try_join_all_of_a_range(benchmark::State& state) {
  const auto all = functions(state);
  in_fiber(state, [&] { benchmark::DoNotOptimize(weft::try_join_all(all).has_value()); });
  each_counts(state);
}
BENCHMARK(try_join_all_of_a_range)->ArgsProduct({{1, 2}, {100}})->UseRealTime();

/// The loser waits for what never comes: it is begun, cancelled and joined.
void race_of_two(benchmark::State& state) {
  weft::event never;
  in_fiber(state, [&] {
    benchmark::DoNotOptimize(
        weft::race([&] { return never.wait() ? 1 : 2; }, [] { return 3; }).has_value());
  });
}
BENCHMARK(race_of_two)->Arg(1)->Arg(2)->UseRealTime();

/// Eight calls at a time.
void for_each_of_a_range(benchmark::State& state) {
  const auto all = numbers(state);
  in_fiber(state, [&] {
    benchmark::DoNotOptimize(
        weft::for_each(all, 8, [](int n) { benchmark::DoNotOptimize(n); }).has_value());
  });
  each_counts(state);
}
BENCHMARK(for_each_of_a_range)->ArgsProduct({{1, 2}, {100}})->UseRealTime();

void once_cell_filled(benchmark::State& state) {
  weft::once_cell<int> cell;
  in_fiber(state,
           [&] { benchmark::DoNotOptimize(cell.get_or_make([] { return 1; }).has_value()); });
}
BENCHMARK(once_cell_filled)->Arg(1);

void once_cell_first(benchmark::State& state) {
  in_fiber(state, [] {
    weft::once_cell<int> cell;
    benchmark::DoNotOptimize(cell.get_or_make([] { return 1; }).has_value());
  });
}
BENCHMARK(once_cell_first)->Arg(1);

void deadline_put_off(benchmark::State& state) {
  weft::deadline idle(1h);
  in_fiber(state, [&] {
    idle.reset(1h);
    benchmark::ClobberMemory();
  });
}
BENCHMARK(deadline_put_off)->Arg(1);

/// The same while a fiber waits for it.
void deadline_put_off_with_a_waiter(benchmark::State& state) {
  weft::deadline idle(1h);
  weft::runtime runtime({.workers = static_cast<unsigned>(state.range(0))});
  runtime.run([&] {
    auto waiter = weft::spawn([&] { (void)idle.wait(); });
    weft::yield();
    for (auto _ : state) {
      idle.reset(1h);
      benchmark::ClobberMemory();
    }
    idle.reset(0s);
    (void)waiter.join();
  });
}
BENCHMARK(deadline_put_off_with_a_waiter)->Arg(1);

void deadline_passed(benchmark::State& state) {
  const weft::deadline over(0s);
  in_fiber(state, [&] { benchmark::DoNotOptimize(over.check().has_value()); });
}
BENCHMARK(deadline_passed)->Arg(1);

/// Of an interval that is behind, so that each tick is there: what tick() itself costs.
void interval_tick_that_is_due(benchmark::State& state) {
  weft::interval every(1ns, weft::missed_tick::burst);
  in_fiber(state, [&] { benchmark::DoNotOptimize(every.tick().has_value()); });
}
BENCHMARK(interval_tick_that_is_due)->Arg(1);

/// What the period adds to what lies between two ticks is how late they are.
void interval_tick_of_20_us(benchmark::State& state) {
  weft::interval every(20us, weft::missed_tick::skip);
  in_fiber(state, [&] { benchmark::DoNotOptimize(every.tick().has_value()); });
}
BENCHMARK(interval_tick_of_20_us)->Arg(1)->UseRealTime();

/// Of two arms one is ready.
void try_select_ready(benchmark::State& state) {
  weft::event set;
  weft::event never;
  set.set();
  in_fiber(state, [&] {
    benchmark::DoNotOptimize(
        weft::try_select(weft::on(never.waiting()), weft::on(set.waiting())).has_value());
  });
}
BENCHMARK(try_select_ready)->Arg(1);

void graceful_shutdown_work(benchmark::State& state) {
  weft::graceful_shutdown closing;
  in_fiber(state, [&] { benchmark::DoNotOptimize(closing.begin_work().has_value()); });
}
BENCHMARK(graceful_shutdown_work)->Arg(1);

void cancel_on_stop_unused(benchmark::State& state) {
  std::stop_source stop;
  in_fiber(state, [&] {
    weft::cancel_on_stop until(stop.get_token());
    benchmark::DoNotOptimize(&until);
  });
}
BENCHMARK(cancel_on_stop_unused)->Arg(1);

void stop_on_cancel_unused(benchmark::State& state) {
  in_fiber(state, [&] {
    weft::stop_on_cancel until;
    benchmark::DoNotOptimize(&until);
  });
}
BENCHMARK(stop_on_cancel_unused)->Arg(1);

}  // namespace
