#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <weft/io/backend.hpp>
#include <weft/io/descriptor.hpp>
#include <weft/runtime/yield.hpp>

#include "support/io_fixture.hpp"
#include "support/raw_handles.hpp"

namespace weft::testing {

namespace {

std::unique_ptr<driver> make_driver(io::backend_kind kind) {
  return or_throw(io::make_drivers(kind))(0);
}

/// Whether poll() returns well before the time it was given.
bool returns_at_once(driver& d) {
  const auto start = clock::now();
  d.poll(start + promptly);
  return clock::now() - start < promptly / 2;
}

}  // namespace

TEST_CASE("backends are found by their names") {
  for (const auto kind :
       {io::backend_kind::automatic, io::backend_kind::io_uring, io::backend_kind::epoll,
        io::backend_kind::poll, io::backend_kind::kqueue, io::backend_kind::iocp}) {
    CHECK(io::backend_named(io::name_of(kind)) == kind);
  }
  for (const char* none : {"", "abacus", "EPOLL", "epoll "}) {
    CHECK_FALSE(io::backend_named(none));
  }
}

TEST_CASE("what was chosen can be asked, inside and outside") {
  CHECK(io::current_backend() == io::backend_kind::automatic);
  for (const auto kind : backends_here()) {
    io::backend_choice choice;
    CHECK(io::make_drivers(kind, &choice));
    CHECK(choice.kind == kind);
    CHECK(choice.reason.empty());
    run_in({.name = {}, .backend = kind}, [kind] { CHECK(io::current_backend() == kind); });
  }
}

TEST_CASE("poll() waits until its time, or not at all") {
  for (const auto kind : backends_here()) {
    const auto d = make_driver(kind);
    const auto start = clock::now();
    d->poll(time_point::min());
    d->poll(start - 1s);
    CHECK(clock::now() - start < promptly);
    const auto until = clock::now() + 20ms;
    while (clock::now() < until) {
      d->poll(until);
    }
    CHECK(clock::now() - until < promptly);
  }
}

TEST_CASE("wake() ends the poll() that waits, from any thread") {
  for (const auto kind : backends_here()) {
    const auto d = make_driver(kind);
    std::atomic<bool> woken{false};
    std::thread waker([&] {
      std::this_thread::sleep_for(20ms);
      woken = true;
      d->wake();
    });
    while (!woken) {  // it may return early; without the wake-up it never would again
      d->poll(forever);
    }
    waker.join();
  }
}

TEST_CASE("poll() until a time that 32 bits have no seconds for waits as well") {
  for (const auto kind : backends_here()) {
    CAPTURE(io::name_of(kind));
    const auto d = make_driver(kind);
    std::atomic<bool> woken{false};
    std::thread waker([&] {
      std::this_thread::sleep_for(20ms);
      woken = true;
      d->wake();
    });
    int returned = 0;
    while (!woken) {
      d->poll(clock::now() + std::chrono::hours(24 * 365 * 100));
      ++returned;
    }
    waker.join();
    CHECK(returned < 100);  // early for a reason, and not each time
  }
}

TEST_CASE("wake() ends the next poll() when none waits, again and again") {
  for (const auto kind : backends_here()) {
    const auto d = make_driver(kind);
    for (int i = 0; i < 10; ++i) {
      d->wake();
      d->wake();
      CHECK(returns_at_once(*d));
    }
  }
}

TEST_CASE("a rescuer does not take the owner's wake-up") {
  for (const auto kind : backends_here()) {
    const auto d = make_driver(kind);
    for (int i = 0; i < 10; ++i) {
      d->poll(time_point::min());  // what a ring needs to have armed its wake-up
      d->wake();
      std::thread([&] {
        d->assist();
        d->assist();
      }).join();
      CHECK(returns_at_once(*d));
    }
  }
}

TEST_CASE("many more operations than the queues have room for all complete [row 82]") {
  for (const auto kind : backends_here()) {
    run_in({.name = {}, .backend = kind}, [] {
      const std::size_t count = rounds(5000);
      std::vector<raw_handle> far;
      std::vector<join_handle<std::size_t>> readers;
      for (std::size_t i = 0; i < count; ++i) {
        raw_pair ends = local_pair();
        far.push_back(std::move(ends.far));
        readers.push_back(spawn([near = adopt(std::move(ends.near))] {
          char byte = 0;
          io::operation op{.code = io::opcode::receive, .data = &byte, .size = 1};
          return near.perform(op);
        }));
      }
      (void)sleep_for(settle_time);
      for (const raw_handle& one : far) {
        CHECK(send_now(one.get(), "x"));
      }
      for (auto& reader : readers) {
        CHECK(or_throw(reader.join()) == 1);
      }
    });
  }
}

TEST_CASE("more completions than the queues hold reach a worker that never rests") {
  for (const auto kind : backends_here()) {
    run_in({.name = {}, .backend = kind}, [] {
      const std::size_t count = rounds(5000);
      raw_pair ends = local_pair();
      const io::descriptor handle = adopt(std::move(ends.near));
      std::size_t ready = 0;
      std::vector<join_handle<void>> waiters;
      for (std::size_t i = 0; i < count; ++i) {
        waiters.push_back(spawn([&] {
          io::operation op{.code = io::opcode::wait_readable};
          ready += handle.perform(op) ? 1 : 0;
        }));
      }
      (void)sleep_for(settle_time);
      CHECK(send_now(ends.far.get(), "x"));
      while (ready < count) {
        yield();
      }
    });
  }
}

TEST_CASE("what a plain thread cancels and closes ends, a thousand others still to be submitted") {
  for (const auto kind : backends_here()) {
    run_in({.name = {}, .backend = kind}, [] {
      constexpr std::size_t count = 1000;
      std::vector<raw_handle> far;
      std::vector<io::descriptor> near;
      for (std::size_t i = 0; i < count; ++i) {
        raw_pair ends = local_pair();
        far.push_back(std::move(ends.far));
        near.push_back(adopt(std::move(ends.near)));
      }
      std::vector<join_handle<std::size_t>> readers;
      for (const io::descriptor& one : near) {
        readers.push_back(spawn([&one] {
          char byte = 0;
          io::operation op{.code = io::opcode::receive, .data = &byte, .size = 1};
          return one.perform(op);
        }));
      }
      yield();  // all of them wait now, and the last ones have not been submitted
      std::thread([&] { readers[count - 2].cancel(); }).join();
      std::thread closer([&] { near[count - 1].close(); });
      CHECK(error_of(readers[count - 2].join()) == errc::operation_canceled);
      CHECK(error_of(readers[count - 1].join()) == errc::closed);
      closer.join();
      for (std::size_t i = 0; i < count - 2; ++i) {
        CHECK(send_now(far[i].get(), "x"));
        CHECK(or_throw(readers[i].join()) == 1);
      }
    });
  }
}

TEST_CASE("operations of which many are cancelled at once all end") {
  for (const setting& where : settings({1, 2})) {
    run_in(where, [] {
      const std::size_t count = rounds(3000);
      std::vector<raw_handle> far;
      std::vector<join_handle<std::size_t>> readers;
      for (std::size_t i = 0; i < count; ++i) {
        raw_pair ends = local_pair();
        far.push_back(std::move(ends.far));
        readers.push_back(spawn([near = adopt(std::move(ends.near))] {
          char byte = 0;
          io::operation op{.code = io::opcode::receive, .data = &byte, .size = 1};
          return near.perform(op);
        }));
      }
      (void)sleep_for(settle_time);
      for (auto& reader : readers) {
        reader.cancel();
      }
      for (auto& reader : readers) {
        CHECK(error_of(reader.join()) == errc::operation_canceled);
      }
    });
  }
}

}  // namespace weft::testing
