#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include <weft/net/unix_listener.hpp>
#include <weft/net/unix_stream.hpp>

#include "socket_scenario.hpp"
#include "support/raw_handles.hpp"
#include "support/scratch.hpp"

/// A cancellation at every suspension of Unix streams.
namespace weft::testing {

namespace {

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

}  // namespace

TEST_CASE(
    "[row 63] [row B6] a cancellation at any suspension of calls of Unix streams, the passing of "
    "handles among "
    "them, frees all they hold") {
  check_that_nothing_stays_open<unix_echo>();
}

}  // namespace weft::testing
