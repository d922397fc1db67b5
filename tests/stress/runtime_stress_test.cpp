#include <atomic>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <thread>
#include <vector>

#include <doctest/doctest.h>
#include <support/patience.hpp>
#include <support/test_runtime.hpp>

#include <weft/runtime/blocking.hpp>
#include <weft/runtime/cancel.hpp>
#include <weft/runtime/fiber_local.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/spawn.hpp>
#include <weft/runtime/this_fiber.hpp>
#include <weft/runtime/yield.hpp>

#include "dice.hpp"

/// Trees of fibers that do everything the runtime offers in random order, until a budget is used
/// up. What must hold: every fiber that began ends, no wait ends early or with another error than
/// its scopes allow, and each fiber keeps its identity, its locals and its exceptions.
///
/// WEFT_TEST_SEED repeats the choices of a run, though not the interleaving.
using namespace std::chrono_literals;
using weft::errc;
using weft::testing::dice;
using weft::testing::rounds;
using weft::testing::test_runtime;

namespace {

weft::fiber_local<std::uint64_t> own;

struct totals {
  std::atomic<std::size_t> budget{0};  // acts left
  std::atomic<std::size_t> begun{0};
  std::atomic<std::size_t> ended{0};
  std::atomic<std::size_t> wrong{0};
};

struct stress_error : std::runtime_error {
  std::uint64_t number;
  explicit stress_error(std::uint64_t n) : std::runtime_error("stress"), number(n) {}
};

template <class T>
bool is_expected(const weft::result<T>& end) {
  return end || end.error() == errc::timed_out || end.error() == errc::operation_canceled;
}

class life {
 public:
  life(dice choices, int depth, totals& sum) : dice_(choices), depth_(depth), sum_(sum) {
    ++sum_.begun;
  }
  ~life() { ++sum_.ended; }
  life(const life&) = delete;
  life& operator=(const life&) = delete;

  void run() {
    *own = id_;
    for (std::uint64_t acts = 1 + dice_.below(12); acts > 0 && take_from_budget(); --acts) {
      act();
      expect(weft::this_fiber::id() == id_);
      expect(*own == id_);
    }
  }

 private:
  void expect(bool truth) { sum_.wrong += truth ? 0 : 1; }

  bool take_from_budget() {
    std::size_t left = sum_.budget;
    while (left > 0 && !sum_.budget.compare_exchange_weak(left, left - 1)) {
    }
    return left > 0;
  }

  void act() {
    switch (dice_.below(12)) {
      case 0:
        weft::yield();
        break;
      case 1:
        expect(is_expected(weft::maybe_yield()));
        break;
      case 2:
        nap();
        break;
      case 3:
        bounded();
        break;
      case 4:
        canceled_by_itself();
        break;
      case 5:
        canceled_by_another();
        break;
      case 6:
        shielded();
        break;
      case 7:
        throwing();
        break;
      case 8:
        expect(is_expected(weft::blocking([] {})));
        break;
      default:
        child();
    }
  }

  void nap() {
    const auto start = weft::clock::now();
    const auto wait = dice_.up_to(300us);
    const auto end = weft::sleep_for(wait);
    expect(is_expected(end));
    expect(!end || weft::clock::now() - start >= wait);
  }

  /// A deadline around some acts, sometimes moved.
  void bounded() {
    weft::timeout_scope limit{dice_.up_to(500us)};
    nap();
    if (dice_.one_in(3)) {
      (void)limit.reset(dice_.up_to(500us));
    }
    nap();
    if (limit.is_expired()) {
      expect(weft::clock::now() >= limit.deadline());
      expect(!weft::sleep_for(1h));
      expect(weft::why_canceled().has_value());
    }
  }

  void canceled_by_itself() {
    weft::cancel_scope scope;
    nap();
    scope.cancel("the stress test said so");
    expect(!weft::sleep_for(1h));
    expect(scope.is_canceled());
  }

  void canceled_by_another() {
    weft::cancel_scope scope;
    auto other = weft::spawn([&scope, wait = dice_.up_to(200us)] {
      (void)weft::sleep_for(wait);
      scope.cancel();
    });
    expect(!weft::sleep_for(1h));
    weft::shield to_join;
    expect(other.join().has_value());
  }

  void shielded() {
    weft::shield clean_up;
    expect(weft::check_cancel().has_value());
    expect(weft::sleep_for(dice_.up_to(100us)).has_value());
    weft::timeout_scope limit{dice_.up_to(100us)};
    nap();
  }

  void throwing() {
    const std::uint64_t number = dice_.roll();
    try {
      throw stress_error(number);
    } catch (const stress_error& caught) {
      nap();
      weft::yield();
      expect(caught.number == number);
    }
    expect(std::uncaught_exceptions() == 0);
  }

  void child() {
    if (depth_ == 0) {
      return;
    }
    const std::uint64_t number = dice_.roll();
    const bool throws = dice_.one_in(5);
    const bool alone = dice_.one_in(8);
    auto handle = weft::spawn(
        {.name = "child", .pinned = dice_.one_in(6)},
        [choices = dice_.split(), depth = depth_ - 1, &sum = sum_, number, throws, alone] {
          life(choices, depth, sum).run();
          if (throws && !alone) {
            throw stress_error(number);
          }
          return number;
        });
    if (alone) {
      handle.detach();
    } else {
      end_of(handle, number, throws);
    }
  }

  void end_of(weft::join_handle<std::uint64_t>& handle, std::uint64_t number, bool throws) {
    try {
      switch (dice_.below(4)) {
        case 0:
          return;  // dropped by the caller
        case 1:
          handle.cancel();
          break;
        case 2:
          nap();
          break;
        default:
          break;
      }
      auto end = handle.join_for(dice_.up_to(2000us));
      expect(is_expected(end));
      if (end) {
        expect(*end == number && !throws && !handle.joinable());
      } else {
        expect(handle.joinable());
      }
    } catch (const stress_error& caught) {
      expect(throws && caught.number == number);
    }
  }

  dice dice_;
  const int depth_;
  totals& sum_;
  const std::uint64_t id_ = weft::this_fiber::id();
};

/// Plain threads that spawn, cancel and join from outside.
void meddle(weft::runtime& r, dice choices, totals& sum) {
  while (sum.budget > 0) {
    auto handle = r.spawn([split = choices.split(), &sum] { life(split, 2, sum).run(); });
    if (choices.one_in(2)) {
      handle.cancel();
    }
    if (choices.one_in(2)) {
      sum.wrong += is_expected(handle.join_for(choices.up_to(1000us))) ? 0 : 1;
    }
  }
}

void run_with(weft::runtime_options options, std::uint64_t seed) {
  totals sum;
  sum.budget = rounds(60'000);
  {
    dice choices(seed);
    const bool background = options.background;
    test_runtime r(std::move(options));
    std::vector<std::jthread> outsiders;
    for (int i = 0; background && i < 2; ++i) {
      outsiders.emplace_back([&r, split = choices.split(), &sum] { meddle(*r, split, sum); });
    }
    r->run([&] {
      while (sum.budget > 0) {
        std::vector<weft::join_handle<void>> roots;
        for (int i = 0; i < 20; ++i) {
          roots.push_back(
              weft::spawn([split = choices.split(), &sum] { life(split, 4, sum).run(); }));
        }
        for (auto& root : roots) {
          (void)root.join();
        }
      }
    });
  }
  CHECK(sum.wrong == 0);
  CHECK(sum.begun == sum.ended);
}

}  // namespace

TEST_CASE("[row 151] random lives of fibers on 1, 2 and 8 workers") {
  const std::uint64_t seed = weft::testing::seed_from_environment();
  MESSAGE("WEFT_TEST_SEED=" << seed);
  for (const unsigned workers : {1U, 2U, 8U}) {
    for (const bool background : {false, true}) {
      INFO(workers << " workers, " << (background ? "background" : "caller as worker"));
      run_with({.workers = workers, .background = background}, seed + workers);
    }
  }
}

TEST_CASE("[row 151] random lives of fibers that never migrate") {
  const std::uint64_t seed = weft::testing::seed_from_environment();
  MESSAGE("WEFT_TEST_SEED=" << seed);
  for (const unsigned workers : {2U, 8U}) {
    INFO(workers << " workers");
    run_with({.workers = workers, .mode = weft::scheduling::pinned, .background = true},
             seed + workers);
  }
}
