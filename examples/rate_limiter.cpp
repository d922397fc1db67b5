// Lets many fibers do something, but only so many of them a second.
//
//   rate_limiter [per_second]        default 50
//
// A bucket of permits is filled at a steady rate; who finds it empty waits, in turn.

#include <chrono>
#include <cstdio>
#include <cstdlib>

#include <weft/io/run.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/spawn.hpp>
#include <weft/sync/semaphore.hpp>
#include <weft/sync/task_group.hpp>

using namespace std::chrono_literals;

class rate_limiter {
 public:
  rate_limiter(int per_second, int burst)
      : bucket_(static_cast<std::size_t>(burst)),
        filling_(weft::spawn([this, per_second, burst] { return fill(per_second, burst); })) {}

  // Waits until it is the caller's turn.
  weft::result<void> turn() {
    auto permit = bucket_.acquire();
    if (!permit) {
      return weft::fail(permit.error());
    }
    permit->forget();  // used up, not given back
    return {};
  }

 private:
  weft::result<void> fill(int per_second, int burst) {
    for (auto next = weft::clock::now();;) {
      next += std::chrono::nanoseconds(1s) / per_second;
      if (auto slept = weft::sleep_until(next); !slept) {
        return slept;
      }
      if (bucket_.available() < static_cast<std::size_t>(burst)) {
        bucket_.release();
      }
    }
  }

  weft::semaphore bucket_;
  weft::join_handle<void> filling_;  // ends with the limiter
};

weft::result<void> run(int per_second) {
  rate_limiter limiter(per_second, 3);
  const auto begin = weft::clock::now();
  weft::task_group callers;
  for (int i = 0; i < 20; ++i) {
    callers.spawn([&, i]() -> weft::result<void> {
      if (auto turn = limiter.turn(); !turn) {
        return turn;
      }
      std::printf("%3lld ms: caller %d\n",
                  static_cast<long long>((weft::clock::now() - begin) / 1ms), i);
      return {};
    });
  }
  return callers.wait();
}

int main(int argc, char** argv) {
  return weft::run_main([&] { return run(argc > 1 ? std::atoi(argv[1]) : 50); });
}
