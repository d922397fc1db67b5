#include <algorithm>
#include <array>
#include <vector>

#include "support/io_fixture.hpp"
#include "support/raw_sockets.hpp"

/// What happens when a call is given up just when it completes: no byte and no connection is lost
/// or doubled, and the caller's memory is its own again once the call has returned.
namespace weft::testing {

namespace {

constexpr auto poison = std::byte{0xA5};

/// Byte number n of an endless sequence whose period is no power of two.
std::byte pattern(std::size_t n) {
  return static_cast<std::byte>(n % 251);
}

/// Buffers that calls have returned with an error: from then on nobody may touch them.
class graveyard {
 public:
  void bury(std::vector<std::byte> buffer) {
    std::ranges::fill(buffer, poison);
    buried_.push_back(std::move(buffer));
  }
  bool is_quiet() const {
    return std::ranges::all_of(buried_, [](const std::vector<std::byte>& buffer) {
      return std::ranges::all_of(buffer, [](std::byte b) { return b == poison; });
    });
  }

 private:
  std::vector<std::vector<std::byte>> buried_;
};

/// Ends a wait at a moment that moves from round to round over the moment at which data come.
duration moment(int round) {
  return std::chrono::microseconds(20 + round * 37 % 400);
}

/// Sends the pattern in small portions at odd times, from a fiber of its own.
void send_pattern(int fd, std::size_t total) {
  std::size_t sent = 0;
  for (int round = 0; sent < total; ++round) {
    std::array<std::byte, 7> portion;
    const std::size_t size = std::min(total - sent, portion.size());
    for (std::size_t i = 0; i < size; ++i) {
      portion[i] = pattern(sent + i);
    }
    const std::ptrdiff_t n = raw::send(fd, portion.data(), size);
    sent += n > 0 ? static_cast<std::size_t>(n) : 0;
    (void)sleep_for(moment(round * 5));
  }
}

/// Reads as much, with calls that mostly end too early. `read_in_scope` makes one such call.
template <class Read>
void receive_pattern(std::size_t total, Read read_in_scope) {
  graveyard dead;
  std::size_t received = 0;
  for (int round = 0; received < total; ++round) {
    std::vector<std::byte> buffer(16);
    const result<std::size_t> n = read_in_scope(round, buffer);
    if (!n) {
      CHECK((n.error() == errc::timed_out || n.error() == errc::operation_canceled));
      dead.bury(std::move(buffer));
      continue;
    }
    bool right = true;
    for (std::size_t i = 0; i < *n; ++i) {
      right = right && buffer[i] == pattern(received + i);
    }
    CHECK(right);
    received += *n;
  }
  CHECK(received == total);
  CHECK(dead.is_quiet());
}

}  // namespace

TEST_CASE("no byte is lost or doubled by reads that time out [row 63]") {
  run_everywhere([] {
    raw_pair ends = tcp_pair();
    const tcp_stream near = stream_on(std::move(ends.near));
    const std::size_t total = rounds(2000);
    auto sender = spawn([&] { send_pattern(ends.far.get(), total); });
    receive_pattern(total, [&](int round, std::span<std::byte> buffer) {
      timeout_scope limit(moment(round));
      return near.read(buffer);
    });
  });
}

TEST_CASE("no byte is lost or doubled by vectored reads that time out") {
  run_everywhere([] {
    raw_pair ends = tcp_pair();
    const tcp_stream near = stream_on(std::move(ends.near));
    const std::size_t total = rounds(1000);
    auto sender = spawn([&] { send_pattern(ends.far.get(), total); });
    receive_pattern(total, [&](int round, std::span<std::byte> buffer) {
      timeout_scope limit(moment(round));
      const std::array<std::span<std::byte>, 2> parts{buffer.first(3), buffer.subspan(3)};
      return near.read_vectored(parts);
    });
  });
}

TEST_CASE(
    "data that arrived although the read was cancelled are delivered, and the cancellation "
    "stays pending") {
  run_everywhere([] {
    raw_pair ends = tcp_pair();
    const tcp_stream near = stream_on(std::move(ends.near));
    const int total = static_cast<int>(rounds(400));
    for (int sent = 0, received = 0; sent < total || received < sent;) {
      cancel_scope scope;
      auto canceler = spawn([&] {
        if (sent % 3 == 0) {
          scope.cancel();
        }
        if (sent < total) {
          const char next = static_cast<char>(pattern(static_cast<std::size_t>(sent++)));
          CHECK(send_now(ends.far.get(), {&next, 1}));
        }
        scope.cancel();
      });
      std::array<std::byte, 1> byte{poison};
      const auto n = near.read(byte);
      if (n) {
        CHECK(byte[0] == pattern(static_cast<std::size_t>(received++)));
      } else {
        CHECK(n.error() == errc::operation_canceled);
      }
      {
        const shield until_joined;
        CHECK(canceler.join());
      }
      CHECK(error_of(near.read(byte)) == errc::operation_canceled);
    }
  });
}

TEST_CASE("no byte is lost or doubled by writes that time out, and none is sent after the return") {
  run_everywhere([] {
    raw_pair ends = tcp_pair();
    set_option(ends.near.get(), SO_SNDBUF, 8 * 1024);
    const tcp_stream near = stream_on(std::move(ends.near));
    const std::size_t total = rounds(3'000'000);
    auto receiver = spawn([&] {
      std::size_t received = 0;
      bool right = true;
      while (received < total) {
        for (const char c : receive_now(ends.far.get())) {
          right = right && static_cast<std::byte>(c) == pattern(received++);
        }
        (void)sleep_for(100us);
      }
      CHECK(right);
      CHECK(received == total);
    });
    std::size_t sent = 0;
    for (int round = 0; sent < total; ++round) {
      std::vector<std::byte> data(std::min<std::size_t>(total - sent, 60'000));
      for (std::size_t i = 0; i < data.size(); ++i) {
        data[i] = pattern(sent + i);
      }
      timeout_scope limit(moment(round));
      const auto n = near.write(data);
      std::ranges::fill(data, poison);
      CHECK((n || n.error() == errc::timed_out));
      sent += n.value_or(0);
    }
    CHECK(receiver.join());
  });
}

TEST_CASE("no connection is lost by accepts that time out") {
  run_everywhere([] {
    auto listener = or_throw(listen("127.0.0.1:0"));
    const sockaddr_in address = loopback(listener.local_endpoint()->port());
    const int total = static_cast<int>(rounds(200));
    auto client = spawn([&] {
      for (int i = 0; i < total; ++i) {
        const raw_handle connected = raw_connection(address);
        CHECK(send_now(connected.get(), "!"));
        (void)sleep_for(moment(i * 3));
      }
    });
    for (int accepted = 0, round = 0; accepted < total; ++round) {
      auto peer = [&] {
        timeout_scope limit(moment(round));
        return listener.accept();
      }();
      if (peer) {
        ++accepted;
        std::array<std::byte, 1> byte;
        CHECK(peer->read_exact(byte));
      } else {
        CHECK(peer.error() == errc::timed_out);
      }
    }
    CHECK(error_of(listener.try_accept()) == std::errc::operation_would_block);
  });
}

}  // namespace weft::testing
