#include <atomic>
#include <chrono>
#include <csignal>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>
#include <support/child.hpp>
#include <support/patience.hpp>
#include <support/test_runtime.hpp>
#include <support/waiting_forms.hpp>

#include <weft/runtime/cancel.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/spawn.hpp>
#include <weft/runtime/yield.hpp>
#include <weft/sync/shared_mutex.hpp>

using namespace std::chrono_literals;
using weft::shared_mutex;
using namespace weft::testing;

namespace {

weft::result<void> as_result(bool locked) {
  if (locked) {
    return {};
  }
  auto around = weft::check_cancel();
  return around ? weft::fail(weft::errc::timed_out) : around;
}

/// A writer waits for a reader.
struct read_locked {
  read_locked() { m.lock_shared(); }
  weft::result<void> wait(weft::time_point until) {
    auto locked = until != weft::forever ? as_result(m.try_lock_until(until)) : m.lock_cancelable();
    if (locked) {
      m.unlock();
    }
    return locked;
  }
  void release() { m.unlock_shared(); }
  std::size_t waiters() { return m.waiters(); }
  shared_mutex m;
};

/// A reader waits for a writer.
struct write_locked {
  write_locked() { m.lock(); }
  weft::result<void> wait(weft::time_point until) {
    auto locked = until != weft::forever ? as_result(m.try_lock_shared_until(until))
                                         : m.lock_shared_cancelable();
    if (locked) {
      m.unlock_shared();
    }
    return locked;
  }
  void release() { m.unlock(); }
  std::size_t waiters() { return m.waiters(); }
  shared_mutex m;
};

void until_waiting(const shared_mutex& m, std::size_t count) {
  while (m.waiters() < count) {
    weft::yield();
  }
}

}  // namespace

TEST_CASE("[row 36] locking for writing completes, times out and is cancelled") {
  check_waiting_forms<read_locked>();
}

TEST_CASE("[row 36] locking for reading completes, times out and is cancelled") {
  check_waiting_forms<write_locked>();
}

TEST_CASE("[row 36] readers share, a writer is alone") {
  in_fiber([] {
    shared_mutex m;
    CHECK(m.try_lock_shared());
    CHECK(m.try_lock_shared());
    CHECK_FALSE(m.try_lock());
    m.unlock_shared();
    CHECK_FALSE(m.try_lock_for(0ns));
    m.unlock_shared();
    CHECK(m.try_lock());
    CHECK_FALSE(m.try_lock_shared());
    CHECK_FALSE(weft::spawn([&] { return m.try_lock_shared_for(-1h); }).join().value());
    m.unlock();
    CHECK(m.try_lock_shared_for(1ms));
    m.unlock_shared();
  });
}

TEST_CASE("[row 36] a queued writer stops new readers, and is not starved by them") {
  in_fiber([] {
    shared_mutex m;
    std::string order;
    m.lock_shared();
    auto writer = weft::spawn([&] {
      m.lock();
      order += 'w';
      m.unlock();
    });
    until_waiting(m, 1);
    CHECK_FALSE(m.try_lock_shared());
    auto reader = weft::spawn([&] {
      m.lock_shared();
      order += 'r';
      m.unlock_shared();
    });
    until_waiting(m, 2);
    m.unlock_shared();
    CHECK(writer.join().has_value());
    CHECK(reader.join().has_value());
    CHECK(order == "wr");
  });
}

TEST_CASE("[row 36] readers that follow each other in the queue are let in together") {
  in_fiber([] {
    shared_mutex m;
    std::atomic<int> inside{0};
    std::atomic<int> most{0};
    m.lock();
    std::vector<weft::join_handle<void>> readers;
    for (int i = 0; i < 5; ++i) {
      readers.push_back(weft::spawn([&] {
        m.lock_shared();
        ++inside;
        while (inside < 5) {
          weft::yield();
        }
        most = 5;
        m.unlock_shared();
      }));
    }
    until_waiting(m, 5);
    m.unlock();
    for (auto& reader : readers) {
      CHECK(reader.join().has_value());
    }
    CHECK(most == 5);
  });
}

TEST_CASE("[row 36] when the queued writer gives up, the readers behind it get in") {
  in_fiber([] {
    shared_mutex m;
    m.lock_shared();
    auto writer = weft::spawn([&] { return m.lock_cancelable(); });
    until_waiting(m, 1);
    auto reader = weft::spawn([&] {
      m.lock_shared();
      m.unlock_shared();
    });
    until_waiting(m, 2);
    writer.cancel();
    CHECK(error_of(writer.join()) == weft::errc::operation_canceled);
    CHECK(reader.join().has_value());
    m.unlock_shared();
  });
}

TEST_CASE("[row 46] the standard's guards work for writers and readers") {
  in_fiber([] {
    shared_mutex m;
    {
      std::shared_lock one(m);
      std::shared_lock two(m, 1ms);
      CHECK(two.owns_lock());
      std::unique_lock writer(m, std::try_to_lock);
      CHECK_FALSE(writer.owns_lock());
    }
    std::lock_guard writer(m);
    std::shared_lock reader(m, std::try_to_lock);
    CHECK_FALSE(reader.owns_lock());
  });
}

TEST_CASE("[row 13] readers never see half of what a writer does, fibers and threads mixed") {
  test_runtime r({.workers = 2, .background = true});
  shared_mutex m;
  std::size_t left = 0;
  std::size_t right = 0;
  const std::size_t each = rounds(4000);
  {
    std::vector<actor> actors;
    for (int i = 0; i < 8; ++i) {
      actors.emplace_back(i % 4 == 3 ? actor_kind::thread : actor_kind::fiber, *r, [&, i] {
        for (std::size_t n = 0; n < each; ++n) {
          if (i % 2 == 0) {
            std::shared_lock reader(m);
            CHECK_FALSE(left != right);
          } else {
            std::lock_guard writer(m);
            ++left;
            ++right;
          }
        }
      });
    }
  }
  CHECK(left == 4 * each);
  CHECK(right == 4 * each);
}

TEST_CASE("[row 36] the last to lock may destroy it while the unlock before is returning") {
  test_runtime r({.workers = 2, .background = true});
  struct shared {
    shared_mutex m;
    std::atomic<int> users{3};
  };
  for (std::size_t i = 0; i < rounds(5000); ++i) {
    auto* const s = new shared;
    const auto use = [s, i] {
      bool last = false;
      if (i % 2) {
        s->m.lock();
        last = --s->users == 0;
        s->m.unlock();
      } else {
        s->m.lock();
        s->m.unlock();
        s->m.lock();
        last = --s->users == 0;
        s->m.unlock();
      }
      if (last) {
        delete s;
      }
    };
    actor a(actor_kind::fiber, *r, use);
    actor b(actor_kind::fiber, *r, use);
    use();
  }
}

TEST_CASE("child: unlock of a shared_mutex by another" * doctest::skip()) {
  become_plain_program();
  static shared_mutex m;
  m.lock();
  std::thread([] { m.unlock(); }).join();
}

TEST_CASE("child: unlock_shared of a free shared_mutex" * doctest::skip()) {
  become_plain_program();
  static shared_mutex m;
  m.unlock_shared();
}

#ifndef NDEBUG
TEST_CASE("misuse of a shared mutex is told in a sentence") {
  const child_outcome other = run_child("child: unlock of a shared_mutex by another");
  CHECK(other.was_killed_by(SIGABRT));
  CHECK(other.says("unlock() of a shared_mutex by another fiber or thread"));
  const child_outcome free = run_child("child: unlock_shared of a free shared_mutex");
  CHECK(free.was_killed_by(SIGABRT));
  CHECK(free.says("no reader has locked"));
}
#endif
