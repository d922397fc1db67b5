#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include <doctest/doctest.h>
#include <support/patience.hpp>
#include <support/test_runtime.hpp>

#include <weft/runtime/cancel.hpp>
#include <weft/runtime/detail/parker.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/spawn.hpp>
#include <weft/runtime/yield.hpp>

/// Fibers and plain threads that spawn, wake and cancel each other: no wake-up may be lost, however
/// deep the workers sleep. A lost one hangs the test, and the watchdog shows the fibers.
using namespace std::chrono_literals;
using weft::testing::rounds;
using weft::testing::test_runtime;
namespace detail = weft::detail;

namespace {

/// One party leaves a token and waits; the other takes it and wakes.
class rendezvous {
 public:
  void wait() {
    const detail::wait_token token = detail::begin_wait_uncancelable();
    published_ = token;
    full_.store(true, std::memory_order_release);
    detail::park(token, weft::forever, "a rendezvous");
  }

  void wake() {
    while (!full_.load(std::memory_order_acquire)) {
      weft::yield();
    }
    const detail::wait_token token = published_;
    full_.store(false, std::memory_order_relaxed);
    CHECK(detail::unpark(token));
  }

 private:
  detail::wait_token published_;
  std::atomic<bool> full_{false};
};

const weft::runtime_options modes[] = {
    {.workers = 1, .background = true},
    {.workers = 2, .background = true},
    {.workers = 2, .mode = weft::scheduling::pinned, .background = true},
    {.workers = 8, .background = true},
};

weft::runtime_options copy_of(const weft::runtime_options& o) {
  return {.workers = o.workers, .mode = o.mode, .background = o.background};
}

}  // namespace

TEST_CASE("[row 13] a plain thread spawns and joins again and again") {
  for (const auto& mode : modes) {
    test_runtime r(copy_of(mode));
    for (std::size_t i = 0; i < rounds(5000); ++i) {
      CHECK(r->spawn([i] { return i; }).join() == i);
    }
  }
}

TEST_CASE("[row 13] many threads spawn into one runtime") {
  for (const auto& mode : modes) {
    test_runtime r(copy_of(mode));
    std::atomic<std::size_t> ran = 0;
    const std::size_t each = rounds(3000);
    {
      std::vector<std::jthread> threads;
      for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&] {
          std::vector<weft::join_handle<void>> handles;
          for (std::size_t i = 0; i < each; ++i) {
            handles.push_back(r->spawn([&ran] {
              weft::yield();
              ++ran;
            }));
          }
          for (auto& h : handles) {
            CHECK(h.join().has_value());
          }
        });
      }
    }
    CHECK(ran == 4 * each);
  }
}

TEST_CASE("[row 13] threads wake parked fibers, and no wake-up is lost") {
  for (const auto& mode : modes) {
    test_runtime r(copy_of(mode));
    constexpr int pairs = 3;
    const std::size_t turns = rounds(4000);
    std::vector<std::unique_ptr<rendezvous>> meetings;
    std::vector<weft::join_handle<void>> fibers;
    {
      std::vector<std::jthread> threads;
      for (int i = 0; i < pairs; ++i) {
        rendezvous* const meeting = meetings.emplace_back(std::make_unique<rendezvous>()).get();
        fibers.push_back(r->spawn([meeting, turns] {
          for (std::size_t n = 0; n < turns; ++n) {
            meeting->wait();
          }
        }));
        threads.emplace_back([meeting, turns] {
          for (std::size_t n = 0; n < turns; ++n) {
            meeting->wake();
          }
        });
      }
    }
    for (auto& f : fibers) {
      CHECK(f.join().has_value());
    }
  }
}

TEST_CASE("[row 13] fibers wake parked threads, and no wake-up is lost") {
  for (const auto& mode : modes) {
    test_runtime r(copy_of(mode));
    const std::size_t turns = rounds(3000);
    rendezvous meeting;
    auto fiber = r->spawn([&] {
      for (std::size_t n = 0; n < turns; ++n) {
        meeting.wake();
      }
    });
    for (std::size_t n = 0; n < turns; ++n) {
      meeting.wait();
    }
    CHECK(fiber.join().has_value());
  }
}

TEST_CASE("[row 13] many threads and many fibers ping-pong for a while") {
  struct table {
    rendezvous ping;
    rendezvous pong;
    std::atomic<bool> last = false;
    std::size_t exchanges = 0;
  };
  for (const auto& mode : modes) {
    test_runtime r(copy_of(mode));
    std::atomic<bool> stop = false;
    std::vector<std::unique_ptr<table>> tables;
    std::vector<weft::join_handle<void>> fibers;
    std::vector<std::jthread> threads;
    for (int i = 0; i < 6; ++i) {
      table* const at = tables.emplace_back(std::make_unique<table>()).get();
      fibers.push_back(r->spawn([at] {
        for (at->ping.wait(); !at->last; at->ping.wait()) {
          at->pong.wake();
          ++at->exchanges;
        }
      }));
      threads.emplace_back([at, &stop] {
        for (; !stop; at->pong.wait()) {
          at->ping.wake();
        }
        at->last = true;
        at->ping.wake();
      });
    }
    std::this_thread::sleep_for(700ms);
    stop = true;
    for (auto& f : fibers) {
      CHECK(f.join().has_value());
    }
    threads.clear();
    for (const auto& t : tables) {
      CHECK(t->exchanges > 10);
    }
  }
}

TEST_CASE("[row 13] a thread cancels fibers that are about to wait") {
  for (const auto& mode : modes) {
    test_runtime r(copy_of(mode));
    for (std::size_t i = 0; i < rounds(2000); ++i) {
      auto h = r->spawn([] { return weft::sleep_for(1h); });
      for (std::size_t spin = 0; spin < i % 500; ++spin) {
        detail::cpu_relax();
      }
      h.cancel();
      CHECK_FALSE(h.join().has_value());
    }
  }
}

TEST_CASE("[row 13] wake-ups that come when all workers have just gone to sleep are not lost") {
  for (const auto& mode : modes) {
    test_runtime r(copy_of(mode));
    for (std::size_t i = 0; i < rounds(300); ++i) {
      // From awake through keeping watch to sleeping for good.
      std::this_thread::sleep_for(std::chrono::microseconds(i * 97 % 3000));
      CHECK(r->spawn([] { return 1; }).join() == 1);
    }
    for (int i = 0; i < 10; ++i) {
      std::this_thread::sleep_for(30ms);
      CHECK(r->spawn([] { return 1; }).join() == 1);
    }
  }
}

TEST_CASE(
    "[row 12] a runtime may end while who woke its last fiber from outside is on the way back") {
  weft::runtime other({.workers = 1, .background = true});
  for (std::size_t i = 0; i < rounds(300); ++i) {
    weft::runtime r({.workers = 2});
    CHECK(r.run([&] { return other.spawn([] { return 1; }).join(); }) == 1);
  }
}
