#include <array>
#include <atomic>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <weft/net/tcp.hpp>

#include "cancel_everywhere.hpp"
#include "support/raw_sockets.hpp"

/// A cancellation at every suspension of TCP calls.
namespace weft::testing {

namespace {

constexpr std::size_t message_size = 400 * 1000;  // more than the buffers hold

/// A client that sends a long message and reads it back, from a server that sends what it receives.
class echo : public scenario {
 public:
  std::vector<role> roles() override {
    const role serve = [this] {
      if (auto peer = listener_.accept()) {
        serve_peer(*peer);
      } else {
        // Where the client was the victim nobody may have come.
        CHECK(peer.error() == (is_victim() ? errc::operation_canceled : errc::closed));
      }
      listener_.close();
    };
    const role call = [this] {
      auto peer = connect(or_throw(where_));
      if (!peer) {
        // The victim may have closed the listener.
        CHECK((is_victim() || peer.error() != errc::operation_canceled));
        return;
      }
      auto writer = spawn([&] { return peer->write_all(bytes_of(message_)); });
      std::string answer(message_size, '\0');
      const auto answered = peer->read_exact(bytes_of(answer));
      peer->close();
      (void)writer.join();
      if (answered) {
        CHECK(answer == message_);
      } else {
        CHECK((is_victim() || answered.error() != errc::operation_canceled));
      }
    };
    return {serve, call};
  }
  void release() override { listener_.close(); }

 private:
  void serve_peer(const tcp_stream& peer) {
    std::array<std::byte, 32 * 1024> buffer;
    for (;;) {
      const auto n = peer.read(buffer);
      if (!n || !peer.write_all(std::span(buffer).first(*n))) {
        return;
      }
      received_.append(reinterpret_cast<const char*>(buffer.data()), *n);
      // What has arrived is the message from its beginning, with nothing missing or twice.
      CHECK(message_.compare(0, received_.size(), received_) == 0);
    }
  }

  static std::string made_message() {
    std::string text(message_size, '\0');
    for (std::size_t i = 0; i < text.size(); ++i) {
      text[i] = static_cast<char>(i * 31 >> 4);
    }
    return text;
  }

  std::string message_ = made_message();
  std::string received_;
  tcp_listener listener_ = or_throw(listen("127.0.0.1:0"));
  result<endpoint> where_ = listener_.local_endpoint();
};

}  // namespace

TEST_CASE("[row 63] [row B6] a cancellation at any suspension of TCP calls frees all they hold") {
  const int before = open_descriptors();
  check_cancel_everywhere<echo>();
  CHECK(open_descriptors() == before);
}

}  // namespace weft::testing
