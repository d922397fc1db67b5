#include <array>
#include <vector>

#include "support/io_fixture.hpp"
#include "support/raw_sockets.hpp"

/// An event that comes after its wait has ended must not end another one.
namespace weft::testing {

TEST_CASE("events of reads that timed out do not cut a later sleep short") {
  run_everywhere([] {
    raw_pair ends = tcp_pair();
    const tcp_stream near = stream_on(std::move(ends.near));
    for (int round = 0; round < static_cast<int>(rounds(40)); ++round) {
      {
        timeout_scope limit(std::chrono::microseconds(100 + 10 * round));
        std::array<std::byte, 64> buffer;
        (void)near.read(buffer);
      }
      CHECK(send_now(ends.far.get(), "late"));
      const auto start = clock::now();
      CHECK(sleep_for(2ms));
      CHECK(clock::now() - start >= 2ms);
    }
  });
}

TEST_CASE("the end of one handle's wait is never taken for another's") {
  run_everywhere([] {
    raw_pair noisy = tcp_pair();
    raw_pair quiet = tcp_pair();
    const tcp_stream first = stream_on(std::move(noisy.near));
    const tcp_stream second = stream_on(std::move(quiet.near));
    auto noise = spawn([&] {
      while (check_cancel()) {
        (void)send_now(noisy.far.get(), "noise");
        (void)sleep_for(150us);
      }
    });
    for (int round = 0; round < static_cast<int>(rounds(100)); ++round) {
      std::array<std::byte, 64> buffer;
      {
        timeout_scope limit(100us);
        (void)first.read(buffer);
      }
      timeout_scope limit(300us);
      CHECK(error_of(second.read(buffer)) == errc::timed_out);
      CHECK(limit.is_expired());
    }
  });
}

TEST_CASE("a fiber that is cancelled and woken at once goes on in one piece") {
  run_everywhere(
      [] {
        raw_pair ends = tcp_pair();
        const tcp_stream near = stream_on(std::move(ends.near));
        for (int round = 0; round < static_cast<int>(rounds(300)); ++round) {
          int steps = 0;
          auto reader = spawn([&] {
            std::array<std::byte, 64> buffer;
            while (near.read(buffer)) {
              ++steps;
            }
            const shield undisturbed;
            const auto start = clock::now();
            CHECK(sleep_for(200us));
            CHECK(clock::now() - start >= 200us);
            ++steps;
          });
          auto sender = spawn([&] { (void)send_now(ends.far.get(), "x"); });
          reader.cancel();
          CHECK(sender.join());
          CHECK(reader.join());
          CHECK(steps >= 1);
        }
      },
      {1, 2, 4});
}

}  // namespace weft::testing
