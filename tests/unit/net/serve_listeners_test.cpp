#include <array>
#include <atomic>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <weft/net/serve.hpp>

#include "support/tcp_fixture.hpp"

/// Several listeners that are served as one [B13].
namespace weft::testing {

namespace {

void echo(const tcp_stream& peer) {
  std::array<std::byte, 512> buffer;
  while (auto n = peer.read(buffer)) {
    if (!peer.write_all(std::span(buffer).first(*n))) {
      return;
    }
  }
}

bool echoes(const tcp_listener& listener) {
  const tcp_stream client = or_throw(connect(or_throw(listener.local_endpoint())));
  return client.write_all("ping") && read_text(client, 4) == "ping";
}

}  // namespace

TEST_CASE("each worker has a listener of its own on one port [row 92] [B13]" *
          doctest::skip(!raw::has_all_options)) {
  in_io([] {
    auto listeners = or_throw(listen_on_each_worker("127.0.0.1:0"));
    CHECK(listeners.size() == runtime::current()->workers());
    for (const tcp_listener& listener : listeners) {
      CHECK(listener.reuse_port() == true);
      CHECK(listener.local_endpoint() == listeners[0].local_endpoint());
    }
    std::atomic<int> served{0};
    auto server = spawn([&] {
      return serve(std::span<const tcp_listener>(listeners),
                   [&](const tcp_stream& peer) {
                     ++served;
                     echo(peer);
                   },
                   {.connections = 1});
    });
    for (int i = 0; i < 20; ++i) {
      CHECK(echoes(listeners[0]));
    }
    CHECK(served == 20);
    listeners[0].close();  // the end of one is the end of all
    CHECK(server.join());
  });
}

TEST_CASE("where listeners cannot share a port, none is silently left out [row 92] [B13]" *
          doctest::skip(raw::has_all_options)) {
  in_io([] {
    CHECK(error_of(listen_on_each_worker("127.0.0.1:0")) == std::errc::operation_not_supported);
  });
}

TEST_CASE("several listeners are served as one [B13]") {
  in_io([] {
    std::array<tcp_listener, 2> listeners{or_throw(listen("127.0.0.1:0")),
                                          or_throw(listen("127.0.0.1:0"))};
    auto server = spawn([&] { return serve(std::span<const tcp_listener>(listeners), echo); });
    for (int i = 0; i < 10; ++i) {
      CHECK(echoes(listeners[0]));
      CHECK(echoes(listeners[1]));
    }
    listeners[1].close();  // the end of one is the end of all
    CHECK(server.join());
  });
}

}  // namespace weft::testing
