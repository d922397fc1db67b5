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
#include <weft/net/unix_listener.hpp>
#include <weft/net/unix_stream.hpp>

#include "cancel_everywhere.hpp"
#include "support/scratch.hpp"
#include "support/tcp_fixture.hpp"
#include "support/udp_fixture.hpp"

/// A cancellation at every suspension of UDP, of Unix streams, and of what is built on streams.
namespace weft::testing {

namespace {

constexpr std::size_t message_size = 400 * 1000;  // more than the buffers hold

const std::string& message() {
  static const std::string made = [] {
    std::string text(message_size, '\0');
    for (std::size_t i = 0; i < text.size(); ++i) {
      text[i] = static_cast<char>(i * 31 >> 4);
    }
    return text;
  }();
  return made;
}

/// What has arrived of the message: its beginning, with nothing missing or twice.
class arrived {
 public:
  void add(std::span<const std::byte> bytes) {
    text_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    CHECK(message().compare(0, text_.size(), text_) == 0);
  }
  /// All of it, when the stream has ended without anyone being cancelled.
  bool is_whole() const { return text_.size() == message_size; }

 private:
  std::string text_;
};

class socket_scenario : public scenario {
 protected:
  /// An error that is nobody's cancellation but the victim's own.
  void tolerate(std::error_code error) {
    CHECK((is_victim() || error != errc::operation_canceled));
  }
  template <class T>
  bool went_well(const result<T>& outcome) {
    if (!outcome) {
      tolerate(outcome.error());
    }
    return outcome.has_value();
  }
};

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

/// A client that passes a handle, sends a long message and reads it back.
class unix_echo : public socket_scenario {
 public:
  std::vector<role> roles() override {
    const role serve = [this] {
      if (const auto peer = listener_.accept(); went_well(peer)) {
        serve_peer(*peer);
      }
      listener_.close();
    };
    const role call = [this] {
      auto peer = unix_stream::connect(path_);
      if (!went_well(peer)) {
        return;
      }
      const int passed = peer->descriptor().native_handle();
      if (went_well(peer->send_handles(bytes_of(std::string_view("h")), std::span(&passed, 1)))) {
        auto writer = spawn([&] { return peer->write_all(message()); });
        std::string answer(message_size, '\0');
        if (went_well(peer->read_exact(bytes_of(answer)))) {
          CHECK(answer == message());
        }
        peer->close();
        (void)writer.join();
      }
    };
    return {serve, call};
  }
  void release() override { listener_.close(); }

 private:
  void serve_peer(const unix_stream& peer) {
    std::vector<std::byte> buffer(32 * 1024);
    {
      // It is the client's end, which would stay open beyond the client while this has it.
      std::array<owned_handle, 1> handle;
      if (!went_well(peer.receive_handles(std::span(buffer).first(1), handle))) {
        return;
      }
    }
    for (;;) {
      const auto n = peer.read(buffer);
      if (!went_well(n)) {
        return;
      }
      seen_.add(std::span(buffer).first(*n));
      if (!went_well(peer.write_all(std::span(buffer).first(*n)))) {
        return;
      }
    }
  }

  scratch_directory home_;
  std::string path_ = home_ / "echo";
  unix_listener listener_ = or_throw(unix_listener::listen(path_));
  arrived seen_;
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
  connection both_ = connected();
  arrived seen_;
};

template <class Scenario>
void check_that_nothing_stays_open() {
  const int before = open_descriptors();
  check_cancel_everywhere<Scenario>();
  CHECK(open_descriptors() == before);
}

}  // namespace

TEST_CASE("[row 63] [row B6] a cancellation at any suspension of UDP calls frees all they hold") {
  check_that_nothing_stays_open<datagrams>();
}

TEST_CASE("[row 63] [row B6] and of calls of Unix streams, the passing of handles among them") {
  check_that_nothing_stays_open<unix_echo>();
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
