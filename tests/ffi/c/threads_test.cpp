/// weft.h called from threads of the program's own, against fibers and against weft_stop().
#include "threads.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>
#include <support/patience.hpp>
#include <system.h>

#include <weft/ffi/weft.h>

using weft::testing::rounds;
using namespace weft::c::testing;

namespace {

std::int64_t echo(void* argument) {
  const weft_handle peer = *static_cast<weft_handle*>(argument);
  std::array<char, 512> buffer;
  std::int64_t n = 0;
  while ((n = weft_read(peer, buffer.data(), buffer.size(), WEFT_FOREVER, WEFT_NONE)) > 0) {
    n = weft_write_all(peer, buffer.data(), static_cast<std::size_t>(n), WEFT_FOREVER, WEFT_NONE);
    if (n < 0) {
      break;
    }
  }
  return n;
}

}  // namespace

TEST_CASE("[row 129] threads talk to fibers over connections") {
  const library running;
  std::array<std::array<weft_handle, 2>, 4> pairs{};
  std::array<weft_handle, 4> fibers{};
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    REQUIRE(connected_pair(pairs[i].data()) == WEFT_OK);
    fibers[i] = weft_spawn(echo, &pairs[i][1], nullptr);
  }
  {
    threads clients;
    for (auto& pair : pairs) {
      clients.add([near = pair[0]] {
        for (std::size_t i = 0; i < rounds(2000); ++i) {
          const std::string sent = "message " + std::to_string(i);
          std::string got(sent.size(), '\0');
          const auto size = static_cast<std::int64_t>(sent.size());
          CHECK(weft_write_all(near, sent.data(), sent.size(), WEFT_FOREVER, WEFT_NONE) == size);
          CHECK(weft_read_exact(near, got.data(), got.size(), WEFT_FOREVER, WEFT_NONE) == size);
          CHECK(got == sent);
        }
        CHECK(weft_close(near) == WEFT_OK);
      });
    }
  }
  for (const weft_handle fiber : fibers) {
    std::int64_t result = -1;
    CHECK(weft_fiber_join(fiber, &result, WEFT_FOREVER, WEFT_NONE) == WEFT_OK);
    CHECK(result == 0);
  }
}

TEST_CASE("[row 129] no pointer is lost or doubled between threads and fibers") {
  const library running;
  const weft_handle channel = weft_channel_create(3);
  const std::size_t each = rounds(3000);
  std::atomic<std::uint64_t> sum{0};
  const auto send = [&]() -> std::int64_t {
    for (std::size_t i = 1; i <= each; ++i) {
      CHECK(weft_channel_send(channel, reinterpret_cast<void*>(i), WEFT_FOREVER, WEFT_NONE) == 0);
    }
    return 0;
  };
  const auto receive = [&]() -> std::int64_t {
    void* value = nullptr;
    while (weft_channel_receive(channel, &value, WEFT_FOREVER, WEFT_NONE) == WEFT_OK) {
      sum += reinterpret_cast<std::uintptr_t>(value);
    }
    return 0;
  };
  {
    threads receivers;
    receivers.add(receive);
    receivers.add([&] { in_fiber(receive); });
    {
      threads senders;
      senders.add(send);
      senders.add([&] { in_fiber(send); });
    }
    CHECK(weft_channel_close(channel) == WEFT_OK);
  }
  CHECK(sum == each * (each + 1));
}

TEST_CASE("[row 132] of many who close a handle one succeeds, and its successor is not harmed") {
  const library running;
  std::atomic<weft_handle> shared{weft_event_create(0)};
  std::atomic<std::size_t> closed{0};
  std::atomic<std::size_t> opened{1};
  {
    threads closers;
    for (int t = 0; t < 4; ++t) {
      closers.add([&] {
        for (std::size_t i = 0; i < rounds(5000); ++i) {
          const weft_handle event = shared.load();
          const int set = weft_event_set(event);
          CHECK((set == WEFT_OK || set == WEFT_E_STALE_HANDLE));
          if (weft_close(event) == WEFT_OK) {
            ++closed;
            shared.store(weft_event_create(0));
            ++opened;
          }
        }
      });
    }
  }
  CHECK(opened == closed + 1);
  CHECK(weft_event_wait(shared.load(), 0, WEFT_NONE) == WEFT_E_WOULD_BLOCK);
}

TEST_CASE("a token ends the waits of threads and fibers at once") {
  const library running;
  for (std::size_t i = 0; i < rounds(50); ++i) {
    std::array<weft_handle, 2> pair{};
    REQUIRE(connected_pair(pair.data()) == WEFT_OK);
    const weft_handle token = weft_token_create(WEFT_FOREVER);
    const weft_handle channel = weft_channel_create(0);
    const auto read = [&]() -> std::int64_t {
      char one = 0;
      return weft_read(pair[0], &one, 1, WEFT_FOREVER, token);
    };
    const auto receive = [&]() -> std::int64_t {
      void* value = nullptr;
      return weft_channel_receive(channel, &value, WEFT_FOREVER, token);
    };
    {
      threads waiting;
      waiting.add([&] { CHECK(read() == WEFT_E_CANCELED); });
      waiting.add([&] { CHECK(in_fiber(read) == WEFT_E_CANCELED); });
      waiting.add([&] { CHECK(receive() == WEFT_E_CANCELED); });
      waiting.add([&] { CHECK(in_fiber(receive) == WEFT_E_CANCELED); });
      if (i % 2 == 0) {
        (void)weft_sleep(WEFT_MILLISECOND, WEFT_NONE);
      }
      CHECK(weft_token_cancel(token) == WEFT_OK);
    }
    for (const weft_handle each : {pair[0], pair[1], token, channel}) {
      CHECK(weft_close(each) == WEFT_OK);
    }
  }
}

TEST_CASE("what threads wait on is closed under them") {
  const library running;
  for (std::size_t i = 0; i < rounds(50); ++i) {
    std::array<weft_handle, 2> pair{};
    REQUIRE(connected_pair(pair.data()) == WEFT_OK);
    const weft_handle listener = weft_tcp_listen("127.0.0.1:0", nullptr);
    {
      threads waiting;
      for (int t = 0; t < 2; ++t) {
        waiting.add([&] {
          char one = 0;
          CHECK(is_end(weft_read(pair[0], &one, 1, WEFT_FOREVER, WEFT_NONE)));
        });
        waiting.add([&] { CHECK(is_end(weft_accept(listener, WEFT_FOREVER, WEFT_NONE))); });
      }
      (void)weft_sleep(WEFT_MILLISECOND, WEFT_NONE);
      CHECK(weft_close(pair[0]) == WEFT_OK);
      CHECK(in_fiber([&] { return weft_close(listener); }) == WEFT_OK);
    }
    CHECK(weft_close(pair[1]) == WEFT_OK);
  }
}

TEST_CASE("a classic socket is bound and closed at once") {
  const library running;
  for (std::size_t i = 0; i < rounds(200); ++i) {
    bind_and_close(weft_socket(WEFT_IPV4, WEFT_STREAM, 0), "127.0.0.1:0");
  }
}

TEST_CASE("weft_stop() ends all waits of fibers and threads, and weft starts again") {
  for (std::size_t i = 0; i < rounds(30); ++i) {
    library running(static_cast<std::uint32_t>(1 + i % 3));
    std::array<weft_handle, 2> pair{};
    REQUIRE(connected_pair(pair.data()) == WEFT_OK);
    const weft_handle listener = weft_tcp_listen("127.0.0.1:0", nullptr);
    const weft_handle channel = weft_channel_create(0);
    const weft_handle event = weft_event_create(0);
    const weft_handle fiber = weft_spawn(echo, &pair[1], nullptr);
    threads waiting;
    waiting.add([&] {
      char one = 0;
      const std::int64_t n = weft_read(pair[0], &one, 1, WEFT_FOREVER, WEFT_NONE);
      CHECK((n == 0 || is_end(n)));  // the other end may have been closed first
    });
    waiting.add([&] { CHECK(is_end(weft_accept(listener, WEFT_FOREVER, WEFT_NONE))); });
    waiting.add(
        [&] { CHECK(is_end(weft_channel_send(channel, nullptr, WEFT_FOREVER, WEFT_NONE))); });
    waiting.add([&] { CHECK(is_end(weft_event_wait(event, WEFT_FOREVER, WEFT_NONE))); });
    waiting.add([&] {
      const int joined = weft_fiber_join(fiber, nullptr, WEFT_FOREVER, WEFT_NONE);
      CHECK((joined == WEFT_OK || joined == WEFT_E_STALE_HANDLE));
    });
    waiting.add([&] {  // goes on making things until it cannot
      weft_handle made = 0;
      while ((made = weft_event_create(0)) > 0) {
        (void)weft_close(made);
      }
      CHECK(made == WEFT_E_NOT_STARTED);
    });
    if (i % 2 == 0) {
      (void)weft_sleep(2 * WEFT_MILLISECOND, WEFT_NONE);
    }
    running.stop();
  }
}

TEST_CASE("no exception leaves a function of the program into the library") {
  const library running;
  const auto throws = [](void*) -> std::int64_t { throw 42; };
  const weft_handle fiber = weft_spawn(throws, nullptr, nullptr);
  CHECK(weft_fiber_join(fiber, nullptr, WEFT_FOREVER, WEFT_NONE) == WEFT_E_CALLBACK_FAILED);
  CHECK(weft_close(fiber) == WEFT_E_STALE_HANDLE);
  CHECK(weft_blocking(throws, nullptr, nullptr) == WEFT_E_CALLBACK_FAILED);
}
