#include <array>
#include <atomic>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <weft/net/relay.hpp>
#include <weft/net/serve.hpp>

#include "socket_scenario.hpp"
#include "support/tcp_fixture.hpp"
#include "support/udp_fixture.hpp"

/// A cancellation at every suspension of UDP, and of what is built on streams.
namespace weft::testing {

namespace {

/// One asks by datagrams, the other answers each with itself.
class datagrams : public socket_scenario {
 public:
  std::vector<role> roles() override {
    const role ask = [this] {
      for (int i = 0; i < 4; ++i) {
        const auto sent = static_cast<std::byte>(i);
        std::array<std::byte, 8> answer;
        if (!went_well(asker_.send_to(std::span(&sent, 1), to_))) {
          break;
        }
        const auto got = asker_.receive_from(answer);
        if (!went_well(got)) {
          break;
        }
        CHECK(got->size == 1);
        CHECK(answer[0] == sent);
        CHECK(got->from == to_);
      }
      answerer_.close();
    };
    const role answer = [this] {
      std::array<std::byte, 8> question;
      for (;;) {
        const auto got = answerer_.receive_from(question);
        if (!went_well(got) ||
            !went_well(answerer_.send_to(std::span(question).first(got->size), got->from))) {
          return;
        }
      }
    };
    return {ask, answer};
  }
  void release() override {
    asker_.close();
    answerer_.close();
  }

 private:
  udp_socket asker_ = bound();
  udp_socket answerer_ = bound();
  endpoint to_ = where(answerer_);
};

/// serve() with two clients, one after the other.
class served : public socket_scenario {
 public:
  std::vector<role> roles() override {
    const role serving = [this] {
      const auto handle = [this](const tcp_stream& peer) {
        ++running_;
        std::array<std::byte, 64> buffer;
        for (;;) {
          const auto n = peer.read(buffer);
          if (!n || !peer.write_all(std::span(buffer).first(*n))) {
            break;
          }
        }
        --running_;
      };
      went_well(serve(listener_, handle, {.connections = 1, .drain = 20ms}));
      CHECK(running_ == 0);
    };
    const role calling = [this] {
      for (int i = 0; i < 2; ++i) {
        auto peer = connect(where_);
        std::string answer(5, '\0');
        if (!went_well(peer) || !went_well(peer->write_all("hello")) ||
            !went_well(peer->read_exact(bytes_of(answer)))) {
          break;
        }
        CHECK(answer == "hello");
      }
      listener_.close();
    };
    return {serving, calling};
  }
  void release() override { listener_.close(); }
  void check() override { CHECK(running_ == 0); }

 private:
  std::atomic<int> running_{0};
  tcp_listener listener_ = or_throw(listen("127.0.0.1:0"));
  endpoint where_ = or_throw(listener_.local_endpoint());
};

/// A long message through relay() and, when all of it is there, a word back.
class relayed : public socket_scenario {
 public:
  std::vector<role> roles() override {
    const role between = [this] { went_well(relay(left_.server, right_.client)); };
    const role call = [this] {
      std::array<std::byte, 8> answer;
      if (went_well(left_.client.write_all(message())) &&
          went_well(left_.client.shutdown(socket_side::write))) {
        went_well(left_.client.read(answer));
      }
      left_.client.close();
    };
    const role answer = [this] {
      std::vector<std::byte> buffer(32 * 1024);
      for (;;) {
        const auto n = right_.server.read(buffer);
        if (!n) {
          tolerate(n.error());
          break;
        }
        seen_.add(std::span(buffer).first(*n));
      }
      if (seen_.is_whole()) {
        went_well(right_.server.write_all("thanks"));
      }
      right_.server.close();
    };
    return {between, call, answer};
  }
  void release() override {
    for (tcp_stream* end : {&left_.client, &left_.server, &right_.client, &right_.server}) {
      end->close();
    }
  }

 private:
  connection left_ = connected();
  connection right_ = connected();
  arrived seen_;
};

/// A connection that holds little of a message.
connection narrow() {
  constexpr std::size_t room = 16 * 1024;
  return connect_to(or_throw(listen("127.0.0.1:0", {.receive_buffer = room})),
                    {.send_buffer = room});
}

/// A long message that is read by leases, each held while the next one arrives.
class leased : public socket_scenario {
 public:
  std::vector<role> roles() override {
    const role write = [this] {
      went_well(both_.client.write_all(message()));
      both_.client.close();
    };
    const role read = [this] {
      io::leased_buffer last;
      for (;;) {
        auto lease = both_.server.read_leased();
        if (!lease) {
          tolerate(lease.error());
          break;
        }
        seen_.add(lease->bytes());
        last = std::move(*lease);
      }
      both_.server.close();
    };
    return {write, read};
  }
  void release() override {
    both_.client.close();
    both_.server.close();
  }

 private:
  connection both_ = narrow();
  arrived seen_;
};

}  // namespace

TEST_CASE("[row 63] [row B6] a cancellation at any suspension of UDP calls frees all they hold") {
  check_that_nothing_stays_open<datagrams>();
}

TEST_CASE("[row 63] [row B6] serve(), cancelled anywhere, leaves no handler and no connection") {
  check_that_nothing_stays_open<served>();
}

TEST_CASE(
    "[row 63] [row B6] relay(), cancelled anywhere, leaves nothing running and mixes nothing up") {
  check_that_nothing_stays_open<relayed>();
}

TEST_CASE(
    "[row 63] [row B6] a cancellation at any suspension of read_leased() takes no byte along") {
  check_that_nothing_stays_open<leased>();
}

}  // namespace weft::testing
