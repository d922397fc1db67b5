#include <array>
#include <atomic>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <weft/net/tcp.hpp>
#include <weft/sync/task_group.hpp>

#include "dice.hpp"
#include "support/io_fixture.hpp"

/// Connections that come, talk, and go in every way there is, all at once and checked byte by byte.
namespace weft::testing {

namespace {

constexpr auto run_time = 700ms;
constexpr int clients = 48;

/// What a connection sends is told by its seed, so that the receiver can check it.
class sequence {
 public:
  explicit sequence(std::uint32_t seed) : state_(seed | 1U) {}

  std::byte next() {
    state_ = state_ * 1664525U + 1013904223U;
    return static_cast<std::byte>(state_ >> 24);
  }
  void fill(std::span<std::byte> bytes) {
    for (std::byte& b : bytes) {
      b = next();
    }
  }
  bool matches(std::span<const std::byte> bytes) {
    bool right = true;
    for (const std::byte b : bytes) {
      right = right && b == next();
    }
    return right;
  }

 private:
  std::uint32_t state_;
};

struct tally {
  std::atomic<int> finished{0};   ///< conversations that went to their end
  std::atomic<int> abandoned{0};  ///< those cut short on purpose
  std::atomic<int> wrong{0};  ///< bytes that were not what had been sent, or ends that came early
};

/// Echoes until the end of the stream, with reads of odd sizes.
result<void> serve(tcp_stream peer, dice d) {
  std::vector<std::byte> buffer(20'000);
  for (;;) {
    auto n = peer.read(std::span(buffer).first(1 + d.below(buffer.size())));
    if (!n) {
      return fail(n.error());
    }
    if (auto written = peer.write_all(std::span(buffer).first(*n)); !written) {
      return written;
    }
  }
}

/// Sends `size` bytes in portions, ends its side, and expects them back, meanwhile and after.
bool converse(const tcp_stream& stream, std::uint32_t seed, std::size_t size, dice& d) {
  auto sender = spawn([&stream, seed, size, portion = 1 + d.below(9000)]() -> result<void> {
    sequence sent(seed);
    std::vector<std::byte> data(portion);
    for (std::size_t left = size; left > 0;) {
      const auto part = std::span(data).first(std::min(left, data.size()));
      sent.fill(part);
      if (auto written = stream.write_all(part); !written) {
        return written;
      }
      left -= part.size();
    }
    return stream.shutdown(socket_side::write);
  });
  sequence expected(seed);
  std::vector<std::byte> buffer(1 + d.below(15'000));
  std::size_t received = 0;
  bool right = true;
  for (;;) {
    const auto n = stream.read(buffer);
    if (!n) {
      right = right && n.error() == errc::end_of_stream && received == size;
      break;
    }
    received += *n;
    right = right && expected.matches(std::span(buffer).first(*n));
  }
  return sender.join() && right;
}

/// Leaves in the middle: by a time-out, a close from another fiber, or just so.
void cut_short(tcp_stream stream, dice& d) {
  std::vector<std::byte> buffer(1 + d.below(30'000), std::byte{'x'});
  const auto moment = d.up_to(700us);
  switch (d.below(3)) {
    case 0: {
      timeout_scope limit(moment);
      while (stream.write_all(buffer) && stream.read(buffer)) {
      }
      break;
    }
    case 1: {
      auto closer = spawn([&] {
        (void)sleep_for(moment);
        stream.close();
      });
      while (stream.write_all(buffer) && stream.read(buffer)) {
      }
      (void)closer.join();
      break;
    }
    default:
      (void)stream.write(buffer);
  }
}

void visit(const endpoint& server, dice& d, tally& counts) {
  auto stream = connect(server);
  if (stream && d.one_in(3)) {
    cut_short(std::move(*stream), d);
    ++counts.abandoned;
  } else if (stream &&
             converse(*stream, static_cast<std::uint32_t>(d.roll()), d.below(60'000), d)) {
    ++counts.finished;
  } else {
    ++counts.wrong;
  }
}

void churn(std::uint64_t seed) {
  dice all(seed);
  const auto listener = or_throw(listen("127.0.0.1:0"));
  const endpoint server = or_throw(listener.local_endpoint());
  tally counts;
  task_group peers(on_error::keep_going);
  auto acceptor = spawn([&, accepted = all.split()]() mutable {
    while (auto peer = listener.accept()) {
      peers.spawn(serve, std::move(*peer), accepted.split());
    }
  });
  std::vector<join_handle<void>> visitors;
  const auto end = clock::now() + run_time;
  for (int i = 0; i < clients; ++i) {
    visitors.push_back(spawn([&, d = all.split()]() mutable {
      while (clock::now() < end) {
        visit(server, d, counts);
      }
    }));
  }
  for (auto& visitor : visitors) {
    CHECK(visitor.join());
  }
  acceptor.cancel();
  CHECK(acceptor.join());
  CHECK(counts.wrong == 0);
  CHECK(counts.finished > 0);
  CHECK(counts.abandoned > 0);
}

}  // namespace

TEST_CASE("connections that come and go at random get back what they sent [row 151]") {
  const std::uint64_t seed = seed_from_environment();
  CAPTURE(seed);
  run_everywhere([seed] { churn(seed); }, {1, 2, 8});
}

}  // namespace weft::testing
