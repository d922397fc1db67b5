#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <this_process.hpp>

#include <weft/net/tcp.hpp>
#include <weft/sync/task_group.hpp>

#include "dice.hpp"
#include "support/io_fixture.hpp"

/// Ten thousand connections, or as many as there may be, at a time, opened, used and closed at
/// random. For a second in each setting; for a minute in one of them, by hand, with patience for
/// that:
///
///   WEFT_TEST_LOAD=60 WEFT_TEST_PATIENCE=100 stress.many_connections -sc='epoll*workers'
namespace weft::testing {

namespace {

constexpr std::size_t visitors = 200;
/// How much more memory may be in use in the end, in KiB: the allocator keeps what it likes.
constexpr std::size_t allowance = 64 * 1024;

struct tally {
  std::atomic<std::size_t> opened{0};
  std::atomic<std::size_t> open{0};
  std::atomic<std::size_t> most{0};
  std::atomic<std::size_t> wrong{0};
};

/// So many connections with both their ends in this process as its descriptors allow.
std::size_t connections_allowed() {
  constexpr std::size_t others = 200;
  return std::min<std::size_t>(sanitized ? 1'000 : 10'000, (allow_all_descriptors() - others) / 2);
}

result<void> echo(tcp_stream peer) {
  for (;;) {
    auto data = peer.read_leased();
    if (!data) {
      return fail(data.error());
    }
    if (auto written = peer.write_all(data->bytes()); !written) {
      return written;
    }
  }
}

class visitor {
 public:
  visitor(std::uint16_t port, std::size_t most, dice d, tally& counts)
      : port_(port), most_(most), dice_(d), counts_(counts) {}
  ~visitor() { counts_.open -= mine_.size(); }
  visitor(const visitor&) = delete;
  visitor& operator=(const visitor&) = delete;

  void act() {
    const auto choice = dice_.below(8);
    if (mine_.empty() || (choice < 4 && mine_.size() < most_)) {
      open();
    } else if (choice < 7) {
      talk(mine_[dice_.below(mine_.size())]);
    } else {
      std::swap(mine_[dice_.below(mine_.size())], mine_.back());
      mine_.pop_back();
      --counts_.open;
    }
  }

 private:
  void open() {
    // Each address has port numbers of its own, which are short of what a minute uses up.
    const std::string host = "127.0.0." + std::to_string(1 + dice_.below(200));
    auto stream = connect(host + ":" + std::to_string(port_));
    if (!stream) {
      ++counts_.wrong;
      return;
    }
    mine_.push_back(std::move(*stream));
    ++counts_.opened;
    const std::size_t open = ++counts_.open;
    std::size_t most = counts_.most;
    while (open > most && !counts_.most.compare_exchange_weak(most, open)) {
    }
  }

  void talk(const tcp_stream& stream) {
    std::array<std::byte, 64> sent;
    std::ranges::generate(sent, [&] { return static_cast<std::byte>(dice_.roll()); });
    std::array<std::byte, 64> got;
    if (!stream.write_all(sent) || !stream.read_exact(got) || got != sent) {
      ++counts_.wrong;
    }
  }

  const std::uint16_t port_;
  const std::size_t most_;
  dice dice_;
  tally& counts_;
  std::vector<tcp_stream> mine_;
};

void churn(std::uint64_t seed, std::size_t connections, std::chrono::milliseconds time) {
  dice all(seed);
  const auto listener = or_throw(listen("0.0.0.0:0"));
  const std::uint16_t port = or_throw(listener.local_endpoint()).port();
  tally counts;
  {
    task_group peers(on_error::keep_going);
    auto acceptor = spawn([&] {
      while (auto peer = listener.accept()) {
        peers.spawn(echo, std::move(*peer));
      }
    });
    task_group crowd;
    const auto end = clock::now() + time;
    for (std::size_t i = 0; i < visitors; ++i) {
      crowd.spawn([&, d = all.split()] {
        visitor someone(port, connections / visitors, d, counts);
        while (clock::now() < end || counts.opened <= visitors) {  // of a slow machine, too
          someone.act();
        }
      });
    }
    CHECK(crowd.wait());
    acceptor.cancel();
    CHECK(acceptor.join());
  }
  MESSAGE(counts.opened.load(), " connections, at most ", counts.most.load(), " at a time");
  CHECK(counts.wrong == 0);
  CHECK(counts.open == 0);
  CHECK(counts.opened > visitors);
}

}  // namespace

TEST_CASE("thousands of connections that come and go at random leave nothing behind [row 151]") {
  const std::uint64_t seed = seed_from_environment();
  CAPTURE(seed);
  const std::size_t connections = connections_allowed();
  const std::chrono::milliseconds time(rounds(1000));
  for (const setting& where : settings({2})) {
    SUBCASE(where.name.c_str()) {
      const std::size_t before = resident_bytes() / 1024;
      run_in(where, [&] { churn(seed, connections, time); });
      const std::size_t after = resident_bytes() / 1024;
      MESSAGE("resident: ", before, " KiB before, ", after, " KiB after");
      // A sanitizer keeps what was freed, on purpose.
      CHECK((sanitized || after < before + allowance));
    }
  }
}

}  // namespace weft::testing
