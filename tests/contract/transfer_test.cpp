#include <array>
#include <atomic>
#include <thread>

#include "support/io_fixture.hpp"
#include "support/raw_sockets.hpp"

/// Handles that outlive a runtime, are used by several, and by plain threads.
namespace weft::testing {

namespace {

/// Reads that have to wait, so that the backend gets to know the handle.
void wait_for_a_word(const tcp_stream& near, int far) {
  auto first = spawn([&] {
    std::array<std::byte, 4> buffer;
    return error_of(near.read_exact(buffer));
  });
  auto second = spawn([&] {
    std::array<std::byte, 4> buffer;
    return error_of(near.read_exact(buffer));
  });
  (void)sleep_for(settle_time);
  CHECK(send_now(far, "word"));
  CHECK(send_now(far, "word"));
  CHECK(or_throw(first.join()) == std::error_code());
  CHECK(or_throw(second.join()) == std::error_code());
}

}  // namespace

TEST_CASE("a handle may be used in one runtime after another, whatever their backends") {
  const int before = open_descriptors();
  {
    raw_pair ends = tcp_pair();
    const tcp_stream near = stream_on(std::move(ends.near));
    for (int round = 0; round < 4; ++round) {
      for (const setting& where : settings({1, 2})) {
        in_fiber([&] { wait_for_a_word(near, ends.far.get()); },
                 or_throw(io::with_io(where.options())));
      }
    }
  }
  CHECK(open_descriptors() == before);
}

TEST_CASE("a handle may be used by two runtimes at once, whatever their backends") {
  for (const auto first : backends_here()) {
    for (const auto second : backends_here()) {
      raw_pair ends = tcp_pair();
      const tcp_stream near = stream_on(std::move(ends.near));
      std::atomic<int> words{0};
      const auto read_words = [&](io::backend_kind kind) {
        in_fiber(
            [&] {
              std::array<std::byte, 4> buffer;
              while (near.read(buffer)) {
                ++words;
              }
            },
            or_throw(io::with_io({.workers = 2, .backend = kind})));
      };
      std::thread one([&] { read_words(first); });
      std::thread other([&] { read_words(second); });
      const int total = static_cast<int>(rounds(200));
      for (int sent = 0; sent < total; ++sent) {
        CHECK(send_now(ends.far.get(), "word"));
        while (words <= sent) {
          std::this_thread::yield();
        }
      }
      ends.far.close();
      one.join();
      other.join();
      CHECK(words == total);
    }
  }
}

TEST_CASE("a handle that is released stays open, and can be adopted again") {
  run_everywhere([] {
    raw_pair ends = tcp_pair();
    io::descriptor near = adopt(std::move(ends.near));
    for (int round = 0; round < 3; ++round) {
      std::array<char, 4> buffer;
      io::operation op{.code = io::opcode::receive, .data = buffer.data(), .size = buffer.size()};
      auto reader = spawn([&] { return near.perform(op); });
      (void)sleep_for(settle_time);
      CHECK(send_now(ends.far.get(), "word"));
      CHECK(or_throw(reader.join()) == 4);
      const int number = near.release();
      CHECK(number >= 0);
      CHECK_FALSE(near.is_open());
      near = adopt(raw_handle(number));
    }
  });
}

TEST_CASE("plain threads read, write and time out as fibers do") {
  raw_pair ends = tcp_pair();
  tcp_stream near = stream_on(std::move(ends.near));
  std::array<std::byte, 4> buffer;
  {
    const auto start = clock::now();
    timeout_scope limit(30ms);
    CHECK(error_of(near.read(buffer)) == errc::timed_out);
    CHECK(clock::now() - start >= 30ms);
    CHECK(clock::now() - start < promptly);
  }
  std::thread sender([&] {
    std::this_thread::sleep_for(10ms);
    CHECK(send_now(ends.far.get(), "word"));
  });
  CHECK(near.read_exact(buffer));
  sender.join();
  {
    cancel_scope scope;
    std::thread canceler([&] {
      std::this_thread::sleep_for(10ms);
      scope.cancel();
    });
    CHECK(error_of(near.read(buffer)) == errc::operation_canceled);
    canceler.join();
  }
  std::thread closer([&] {
    std::this_thread::sleep_for(10ms);
    near.close();
  });
  CHECK(error_of(near.read(buffer)) == errc::closed);
  closer.join();
}

TEST_CASE("a plain thread and fibers may wait on the same handle") {
  run_everywhere([] {
    raw_pair ends = tcp_pair();
    tcp_stream near = stream_on(std::move(ends.near));
    std::atomic<int> closed{0};
    const auto read_to_the_end = [&] {
      std::array<std::byte, 4> buffer;
      std::error_code error;
      while (!error) {
        error = error_of(near.read(buffer));
      }
      closed += error == errc::closed ? 1 : 0;
    };
    std::thread thread(read_to_the_end);
    auto fiber = spawn(read_to_the_end);
    for (int i = 0; i < 20; ++i) {
      CHECK(send_now(ends.far.get(), "word"));
      (void)sleep_for(100us);
    }
    near.close();
    CHECK(fiber.join());
    thread.join();
    CHECK(closed == 2);
  });
}

}  // namespace weft::testing
