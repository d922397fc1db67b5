#include <array>
#include <atomic>
#include <memory>
#include <vector>

#include "support/io_fixture.hpp"
#include "support/raw_sockets.hpp"

/// The system gives the number of a closed descriptor to the next one that is opened. A handle that
/// was closed must never reach it, however late its users are.
namespace weft::testing {

namespace {

/// A stream that any number of fibers may still hold when it is closed.
struct shared_stream {
  explicit shared_stream(raw_pair ends)
      : near(stream_on(std::move(ends.near))), far(std::move(ends.far)) {}
  tcp_stream near;
  raw_handle far;
};

using stream_ptr = std::shared_ptr<shared_stream>;

/// Uses a stream in every way that could harm another's, until it is closed.
void use_until_closed(const stream_ptr& stream, std::atomic<bool>& wrong) {
  for (;;) {
    std::array<std::byte, 16> buffer;
    const auto n = stream->near.try_read(buffer);
    if (n) {
      wrong = true;  // nothing is ever sent to this one
    }
    if (error_of(stream->near.read(buffer)) == errc::closed) {
      return;
    }
    (void)stream->near.shutdown(socket_side::both);
  }
}

/// Whether what is sent through a stream that nobody else should know arrives whole.
bool is_undisturbed(const shared_stream& stream, int number) {
  const std::string sent = "stream number " + std::to_string(number);
  std::string got(sent.size(), '.');
  timeout_scope limit(promptly);
  return send_now(stream.far.get(), sent) && stream.near.read_exact(bytes_of(got)) && got == sent &&
         stream.near.write_all(sent) && stream.near.local_endpoint();
}

}  // namespace

TEST_CASE("users of a closed handle never reach the descriptor that got its number") {
  run_everywhere(
      [] {
        std::atomic<bool> wrong{false};
        int reused = 0;
        for (int round = 0; round < static_cast<int>(rounds(200)); ++round) {
          auto victim = std::make_shared<shared_stream>(tcp_pair());
          const int number = victim->near.descriptor().native_handle();
          std::vector<join_handle<void>> users;
          for (int i = 0; i < 3; ++i) {
            users.push_back(spawn([victim, &wrong] { use_until_closed(victim, wrong); }));
          }
          if (round % 2 == 0) {
            (void)sleep_for(100us);
          }
          auto closer = spawn([victim] { victim->near.close(); });
          if (round % 3 == 0) {
            victim->near.close();
          } else {
            (void)closer.join();
          }
          std::vector<std::unique_ptr<shared_stream>> fresh;
          for (int i = 0; i < 3; ++i) {
            fresh.push_back(std::make_unique<shared_stream>(tcp_pair()));
            reused += fresh.back()->near.descriptor().native_handle() == number ? 1 : 0;
            CHECK(is_undisturbed(*fresh.back(), i));
          }
          for (auto& user : users) {
            CHECK(user.join());
          }
        }
        CHECK_FALSE(wrong);
        CHECK(reused > 0);
      },
      {1, 2, 4});
}

TEST_CASE("each name and option of a handle that gets closed is the handle's own, or `closed`") {
  run_everywhere(
      [] {
        for (int round = 0; round < static_cast<int>(rounds(40)); ++round) {
          auto victim = std::make_shared<shared_stream>(tcp_pair());
          const auto local = or_throw(victim->near.local_endpoint());
          std::vector<join_handle<void>> users;
          for (int i = 0; i < 3; ++i) {
            users.push_back(spawn([victim, local] {
              bool right = true;
              auto name = victim->near.local_endpoint();
              for (; name; name = victim->near.local_endpoint()) {
                right = right && *name == local;
                (void)sleep_for(1us);
              }
              CHECK(right);
              CHECK(name.error() == errc::closed);
              CHECK(error_of(victim->near.peer_endpoint()) == errc::closed);
              CHECK(error_of(victim->near.set_no_delay(true)) == errc::closed);
              CHECK(error_of(victim->near.no_delay()) == errc::closed);
              CHECK(error_of(victim->near.shutdown(socket_side::both)) == errc::closed);
            }));
          }
          (void)sleep_for(50us);
          victim->near.close();
          const shared_stream fresh(tcp_pair());
          for (auto& user : users) {
            CHECK(user.join());
          }
        }
      },
      {2, 4});
}

}  // namespace weft::testing
