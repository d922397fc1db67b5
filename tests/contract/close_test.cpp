#include <array>
#include <atomic>
#include <thread>
#include <vector>

#include <weft/runtime/blocking.hpp>

#include "blocking_call.hpp"
#include "support/io_fixture.hpp"
#include "support/raw_sockets.hpp"

/// Closing under those who wait, and many who wait at once.
namespace weft::testing {

namespace {

using waiters = std::vector<join_handle<std::size_t>>;

waiters start_waiters(const blocking_call& call, int count) {
  waiters all;
  for (int i = 0; i < (call.once ? 1 : count); ++i) {
    all.push_back(spawn([&call] { return call.perform(); }));
  }
  (void)sleep_for(settle_time);
  return all;
}

void expect_all(const blocking_call& call, waiters& all, std::error_code wanted) {
  for (auto& waiter : all) {
    expect(call, error_of(waiter.join()), wanted);
  }
}

}  // namespace

TEST_CASE("closing ends every call that waits, and every later one, with `closed`") {
  for (const int count : {1, 2, 8}) {
    CAPTURE(count);
    run_everywhere([count] {
      with_each_call([count](const blocking_call& call) {
        waiters all = start_waiters(call, count);
        call.close();
        expect_all(call, all, errc::closed);
        expect(call, error_of(call.perform()), errc::closed);
        call.close();
      });
    });
  }
}

TEST_CASE("a plain thread may close what fibers wait on") {
  run_everywhere([] {
    with_each_call([](const blocking_call& call) {
      waiters all = start_waiters(call, 3);
      std::thread closer([&] { call.close(); });
      expect_all(call, all, errc::closed);
      closer.join();
    });
  });
}

TEST_CASE("closing is no cancellation point") {
  run_everywhere([] {
    with_each_call([](const blocking_call& call) {
      waiters all = start_waiters(call, 1);
      {
        cancel_scope scope;
        scope.cancel();
        call.close();
      }
      expect_all(call, all, errc::closed);
    });
  });
}

TEST_CASE("up to eight calls that wait on one handle all complete") {
  for (const int count : {2, 5, 8}) {
    CAPTURE(count);
    run_everywhere([count] {
      with_each_call([count](const blocking_call& call) {
        if (call.once) {
          return;
        }
        waiters all = start_waiters(call, count);
        for (int i = 0; i < count; ++i) {
          call.make_ready();
        }
        expect_all(call, all, {});
      });
    });
  }
}

TEST_CASE("calls in both directions of one handle do not disturb each other") {
  run_everywhere([] {
    raw_pair ends = tcp_pair();
    set_option(ends.near.get(), SO_SNDBUF, 16 * 1024);
    fill(ends.near.get());
    tcp_stream near = stream_on(std::move(ends.near));
    std::atomic<int> read{0};
    std::atomic<int> closed{0};
    const auto count = [&](const result<std::size_t>& outcome) {
      CHECK((outcome || outcome.error() == errc::closed));
      outcome ? ++read : ++closed;
    };
    std::vector<join_handle<void>> users;
    for (int i = 0; i < 4; ++i) {
      users.push_back(spawn([&] {
        std::array<std::byte, 1> byte;
        count(near.read(byte));
      }));
      users.push_back(spawn([&] { (void)near.write(bytes_of("x")); }));
    }
    (void)sleep_for(settle_time);
    CHECK(send_now(ends.far.get(), "ab"));
    const auto start = clock::now();
    while (read < 2 && clock::now() - start < promptly) {
      (void)sleep_for(1ms);
    }
    near.close();
    for (auto& user : users) {
      CHECK(user.join());
    }
    CHECK(read == 2);
    CHECK(closed == 2);
  });
}

TEST_CASE("closing while others come, time out and go leaves no one behind") {
  run_everywhere(
      [] {
        for (int round = 0; round < static_cast<int>(rounds(20)); ++round) {
          raw_pair ends = tcp_pair();
          tcp_stream near = stream_on(std::move(ends.near));
          std::vector<join_handle<void>> users;
          for (int i = 0; i < 6; ++i) {
            users.push_back(spawn([&near, i] {
              for (std::error_code error; error != errc::closed;) {
                timeout_scope limit(std::chrono::microseconds(50 + 100 * i));
                std::array<std::byte, 8> buffer;
                error = error_of(near.read(buffer));
                CHECK((!error || error == errc::timed_out || error == errc::closed));
              }
            }));
          }
          (void)sleep_for(1ms);
          send_now(ends.far.get(), "some bytes");
          (void)sleep_for(500us);
          near.close();
          for (auto& user : users) {
            CHECK(user.join());
          }
        }
      },
      {1, 2, 4});
}

}  // namespace weft::testing
