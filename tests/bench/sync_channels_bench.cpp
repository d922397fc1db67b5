// Channels, select and their kin. Each figure is the time of one value from hand to hand, or of one
// call, as a program sees it. The first argument is the number of workers.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include <weft/runtime/runtime.hpp>
#include <weft/runtime/spawn.hpp>
#include <weft/runtime/yield.hpp>
#include <weft/sync/broadcast.hpp>
#include <weft/sync/channel.hpp>
#include <weft/sync/completion_queue.hpp>
#include <weft/sync/oneshot.hpp>
#include <weft/sync/select.hpp>
#include <weft/sync/watch.hpp>

namespace {

using weft::channel;

/// Runs `body(state)` in a fiber of a runtime with as many workers as the first argument says.
template <class Body>
void in_fiber(benchmark::State& state, Body body) {
  weft::runtime runtime({.workers = static_cast<unsigned>(state.range(0))});
  runtime.run([&] { body(state); });
}

std::size_t second_argument(const benchmark::State& state) {
  return static_cast<std::size_t>(state.range(1));
}

/// One sender, one receiver; the second argument is the capacity.
void channel_one_to_one(benchmark::State& state) {
  in_fiber(state, [](benchmark::State& s) {
    channel<int> numbers(second_argument(s));
    auto sender = weft::spawn([&] {
      for (int i = 0; numbers.send(i); ++i) {
      }
    });
    for (auto _ : s) {
      benchmark::DoNotOptimize(numbers.receive());
    }
    numbers.close();
    (void)sender.join();
  });
}
BENCHMARK(channel_one_to_one)->ArgsProduct({{1, 2}, {0, 1, 128}})->UseRealTime();

/// Four senders, four receivers, of which the benchmark is one.
void channel_many_to_many(benchmark::State& state) {
  in_fiber(state, [](benchmark::State& s) {
    channel<int> numbers(second_argument(s));
    std::vector<weft::join_handle<void>> fibers;
    std::atomic<std::int64_t> received{0};
    for (int i = 0; i < 4; ++i) {
      fibers.push_back(weft::spawn([&] {
        for (int n = 0; numbers.send(n); ++n) {
        }
      }));
    }
    for (int i = 0; i < 3; ++i) {
      fibers.push_back(weft::spawn([&] {
        std::int64_t count = 0;
        while (numbers.receive()) {
          ++count;
        }
        received += count;
      }));
    }
    for (auto _ : s) {
      benchmark::DoNotOptimize(numbers.receive());
    }
    numbers.close();
    for (auto& f : fibers) {
      (void)f.join();
    }
    s.SetItemsProcessed(s.iterations() + received.load());
  });
}
BENCHMARK(channel_many_to_many)->ArgsProduct({{1, 2}, {0, 128}})->UseRealTime();

/// A send and a receive that need not wait, by one fiber.
void channel_uncontended(benchmark::State& state) {
  in_fiber(state, [](benchmark::State& s) {
    channel<int> numbers(1);
    for (auto _ : s) {
      benchmark::DoNotOptimize(numbers.try_send(1));
      benchmark::DoNotOptimize(numbers.try_receive());
    }
  });
}
BENCHMARK(channel_uncontended)->Arg(1);

/// The same by a plain thread, for which the channel's lock is never biased.
void channel_uncontended_thread(benchmark::State& state) {
  channel<int> numbers(1);
  for (auto _ : state) {
    benchmark::DoNotOptimize(numbers.try_send(1));
    benchmark::DoNotOptimize(numbers.try_receive());
  }
}
BENCHMARK(channel_uncontended_thread);

/// One of two arms is ready.
void select_ready(benchmark::State& state) {
  in_fiber(state, [](benchmark::State& s) {
    channel<int> ready(1);
    channel<int> never(1);
    for (auto _ : s) {
      (void)ready.try_send(1);
      benchmark::DoNotOptimize(
          weft::select(weft::on(never.receiving()), weft::on(ready.receiving())));
    }
  });
}
BENCHMARK(select_ready)->Arg(1);

/// Two senders; the receiver selects over both and has to wait each time.
void select_two_waiting(benchmark::State& state) {
  in_fiber(state, [](benchmark::State& s) {
    channel<int> a;
    channel<int> b;
    const auto send_all = [](channel<int>& to) {
      for (int i = 0; to.send(i); ++i) {
      }
    };
    auto one = weft::spawn([&] { send_all(a); });
    auto two = weft::spawn([&] { send_all(b); });
    for (auto _ : s) {
      benchmark::DoNotOptimize(weft::select(weft::on(a.receiving()), weft::on(b.receiving())));
    }
    a.close();
    b.close();
    (void)one.join();
    (void)two.join();
  });
}
BENCHMARK(select_two_waiting)->Arg(1)->Arg(2)->UseRealTime();

/// The second argument's number of arms, of which one at a time becomes ready, by next() of a
/// completion_queue and by select() over a vector.
template <bool UsesQueue>
void many_arms(benchmark::State& state) {
  in_fiber(state, [](benchmark::State& s) {
    const std::size_t count = second_argument(s);
    std::vector<std::unique_ptr<channel<std::size_t>>> channels;
    for (std::size_t i = 0; i < count; ++i) {
      channels.push_back(std::make_unique<channel<std::size_t>>());
    }
    auto sender = weft::spawn([&] {
      for (std::size_t i = 0; channels[i % count]->send(i % count); i += 7919) {
      }
    });
    if constexpr (UsesQueue) {
      weft::completion_queue<std::size_t> done;
      for (auto& c : channels) {
        done.add(c->receiving());
      }
      for (auto _ : s) {
        const auto n = done.next();
        done.add(channels[*n]->receiving());
      }
    } else {
      std::vector<decltype(weft::on(channels[0]->receiving()))> arms;
      for (auto& c : channels) {
        arms.push_back(weft::on(c->receiving()));
      }
      for (auto _ : s) {
        benchmark::DoNotOptimize(weft::select(arms));
      }
    }
    for (auto& c : channels) {
      c->close();
    }
    (void)sender.join();
  });
}
void many_arms_completion_queue(benchmark::State& state) {
  many_arms<true>(state);
}
void many_arms_select(benchmark::State& state) {
  many_arms<false>(state);
}
BENCHMARK(many_arms_completion_queue)->ArgsProduct({{1}, {2, 16, 1000}});
BENCHMARK(many_arms_select)->ArgsProduct({{1}, {2, 16, 1000}});

void oneshot_round(benchmark::State& state) {
  in_fiber(state, [](benchmark::State& s) {
    for (auto _ : s) {
      auto [sender, receiver] = weft::oneshot<int>();
      (void)sender.send(1);
      benchmark::DoNotOptimize(receiver.receive());
    }
  });
}
BENCHMARK(oneshot_round)->Arg(1);

/// One value to each of as many subscribers as the second argument says: the time of each receive.
void broadcast_to_many(benchmark::State& state) {
  in_fiber(state, [](benchmark::State& s) {
    const std::size_t count = second_argument(s);
    weft::broadcast<int> numbers(128);
    std::vector<weft::join_handle<void>> fibers;
    for (std::size_t i = 0; i < count; ++i) {
      fibers.push_back(weft::spawn([in = numbers.subscribe()]() mutable {
        for (;;) {
          const auto n = in.receive();
          if (!n && n.error() == weft::errc::closed) {
            return;
          }
        }
      }));
    }
    for (auto _ : s) {
      for (int i = 0; i < 64; ++i) {
        (void)numbers.send(i);
      }
      weft::yield();
    }
    numbers.close();
    for (auto& f : fibers) {
      (void)f.join();
    }
    s.SetItemsProcessed(s.iterations() * 64 * s.range(1));
  });
}
BENCHMARK(broadcast_to_many)->ArgsProduct({{1}, {1, 8}});

void watch_set_and_get(benchmark::State& state) {
  in_fiber(state, [](benchmark::State& s) {
    weft::watch<int> number(0);
    int n = 0;
    for (auto _ : s) {
      (void)number.set(++n);
      benchmark::DoNotOptimize(number.get());
    }
  });
}
BENCHMARK(watch_set_and_get)->Arg(1);

}  // namespace
