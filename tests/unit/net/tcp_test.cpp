#include <array>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <weft/net/address_errc.hpp>
#include <weft/net/resolve_errc.hpp>
#include <weft/net/tcp.hpp>

#include "support/tcp_fixture.hpp"

namespace weft::testing {

TEST_CASE("a listener on port 0 gets a free port and says which [row 88]") {
  in_io([] {
    const auto first = or_throw(listen("127.0.0.1:0"));
    const auto second = or_throw(listen(endpoint::loopback_v4(0)));
    CHECK(first.is_open());
    CHECK(first.local_endpoint()->address() == ip_address::loopback_v4());
    CHECK(first.local_endpoint()->port() != 0);
    CHECK(first.local_endpoint()->port() != second.local_endpoint()->port());
    CHECK(carries_data(connect_to(first)));
  });
}

TEST_CASE("listen() takes an address, a port alone or a host name [row 88]") {
  in_io([] {
    const auto everywhere = or_throw(listen(":0"));
    const endpoint where = or_throw(everywhere.local_endpoint());
    CHECK(where == endpoint::any_v4(where.port()));
    CHECK(connect(endpoint::loopback_v4(where.port())));

    const auto named = or_throw(listen("localhost:0"));
    CHECK(named.local_endpoint()->address().is_loopback());
    CHECK(carries_data(connect_to(named)));
  });
}

TEST_CASE("connect() takes an address or a host name [row 88]") {
  in_io([] {
    const auto listener = or_throw(listen("127.0.0.1:0"));
    const std::uint16_t port = listener.local_endpoint()->port();
    for (const char* host : {"127.0.0.1", "localhost"}) {
      auto client = or_throw(connect(text_at(port, host)));
      CHECK(carries_data({std::move(client), or_throw(listener.accept())}));
    }
  });
}

TEST_CASE("a text that is no address is refused for what is wrong with it") {
  in_io([] {
    for (const char* text : {"", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:80x",
                             "[::1]", "[::1:80", "[]:80", "host name:80"}) {
      const std::error_code listening = error_of(listen(text));
      const std::error_code connecting = error_of(connect(text));
      const bool refused =
          listening.category() == address_category() || listening.category() == resolve_category();
      CHECK_MESSAGE(refused, text);
      CHECK_MESSAGE(connecting == listening, text);
    }
  });
}

TEST_CASE("an IPv6 listener serves IPv6 [row 88]") {
  in_io([] {
    if (!has_v6()) {
      return;
    }
    const auto listener = or_throw(listen("[::1]:0"));
    const endpoint where = or_throw(listener.local_endpoint());
    CHECK(where == endpoint::loopback_v6(where.port()));
    auto client = or_throw(connect(text_at(where.port(), "[::1]")));
    const connection both{std::move(client), or_throw(listener.accept())};
    CHECK(both.client.peer_endpoint() == where);
    CHECK(both.server.peer_endpoint() == both.client.local_endpoint());
    CHECK(carries_data(both));
  });
}

TEST_CASE("an IPv6 listener on every interface takes IPv4, too, unless told not to") {
  in_io([] {
    if (!has_v6()) {
      return;
    }
    const auto open = or_throw(listen("[::]:0"));
    const auto client = or_throw(connect(text_at(open.local_endpoint()->port())));
    const auto server = or_throw(open.accept());
    CHECK(server.peer_endpoint()->unmapped() == client.local_endpoint());

    const auto strict = or_throw(listen("[::]:0", {.v6_only = true}));
    CHECK(error_of(connect(text_at(strict.local_endpoint()->port()))) ==
          std::errc::connection_refused);
  });
}

TEST_CASE("both ends know their own and the other's endpoint") {
  in_io([] {
    const connection both = connected();
    CHECK(both.client.local_endpoint() == both.server.peer_endpoint());
    CHECK(both.client.peer_endpoint() == both.server.local_endpoint());
    CHECK(both.client.local_endpoint() != both.client.peer_endpoint());
  });
}

TEST_CASE("small writes leave at once unless told otherwise, on either side") {
  in_io([] {
    const connection eager = connected();
    CHECK(eager.client.no_delay() == true);
    CHECK(eager.server.no_delay() == true);
    CHECK(eager.client.set_no_delay(false));
    CHECK(eager.client.no_delay() == false);
    CHECK(eager.client.set_no_delay(true));
    CHECK(eager.client.no_delay() == true);

    const auto listener = or_throw(listen("127.0.0.1:0", {.no_delay = false}));
    const connection gathering = connect_to(listener, {.no_delay = false});
    CHECK(gathering.client.no_delay() == false);
    CHECK(gathering.server.no_delay() == false);
  });
}

TEST_CASE("a restarted server takes its port while old connections linger") {
  in_io([] {
    auto listener = or_throw(listen("127.0.0.1:0"));
    const endpoint where = or_throw(listener.local_endpoint());
    {
      connection both = connect_to(listener);
      both.server.close();  // first: so it is the server's end that lingers
      CHECK(read_error(both.client) == errc::end_of_stream);
    }
    listener.close();
    if (raw::keeps_ports_of_lingering) {
      CHECK(error_of(listen(where, {.reuse_address = false})) == std::errc::address_in_use);
    }
    CHECK(listen(where));
  });
}

TEST_CASE("listeners share a port when all of them ask to [row 92]") {
  in_io([] {
    if (!raw::has_all_options) {
      CHECK(error_of(listen("127.0.0.1:0", {.reuse_port = true})) ==
            std::errc::operation_not_supported);
      return;
    }
    const auto first = or_throw(listen("127.0.0.1:0", {.reuse_port = true}));
    const endpoint where = or_throw(first.local_endpoint());
    CHECK(listen(where, {.reuse_port = true}));
    CHECK(error_of(listen(where)) == std::errc::address_in_use);
  });
}

TEST_CASE("connections wait in the backlog until they are accepted") {
  in_io([] {
    const auto listener = or_throw(listen("127.0.0.1:0", {.backlog = 4}));
    std::vector<tcp_stream> clients;
    for (int i = 0; i < 4; ++i) {
      clients.push_back(or_throw(connect(*listener.local_endpoint())));
      CHECK(clients.back().write_all(std::to_string(i)));
    }
    for (int i = 0; i < 4; ++i) {
      CHECK(read_text(or_throw(listener.accept()), 1) == std::to_string(i));
    }
  });
}

TEST_CASE("try_accept() takes a connection that is there, or none [row 93]") {
  in_io([] {
    const auto listener = or_throw(listen("127.0.0.1:0"));
    CHECK(error_of(listener.try_accept()) == would_block);
    auto client = or_throw(connect(*listener.local_endpoint()));
    auto server = listener.try_accept();
    while (!server && server.error() == would_block) {
      (void)sleep_for(100us);
      server = listener.try_accept();
    }
    CHECK(error_of(listener.try_accept()) == would_block);
    REQUIRE(server);
    CHECK(server->no_delay() == true);
    CHECK(carries_data({std::move(client), std::move(*server)}));
  });
}

TEST_CASE("a listener moves, and listens on") {
  in_io([] {
    tcp_listener listener = or_throw(listen("127.0.0.1:0"));
    tcp_listener moved;
    CHECK(!moved.is_open());
    moved = std::move(listener);
    CHECK(error_of(listener.accept()) == errc::closed);  // NOLINT(bugprone-use-after-move)
    CHECK(carries_data(connect_to(moved)));
  });
}

TEST_CASE("what is closed, or never was open, says so to every call") {
  in_io([] {
    connection both = connected();
    for (int i = 0; i < 3; ++i) {
      both.client.close();
      CHECK(!both.client.is_open());
    }
    CHECK(read_error(both.server) == errc::end_of_stream);
    const tcp_stream never;
    for (const tcp_stream* stream : {&std::as_const(both.client), &never}) {
      std::array<std::byte, 1> byte;
      CHECK(read_error(*stream) == errc::closed);
      CHECK(error_of(stream->try_read(byte)) == errc::closed);
      CHECK(error_of(stream->write_all("x")) == errc::closed);
      CHECK(error_of(stream->try_write(byte)) == errc::closed);
      CHECK(error_of(stream->shutdown(socket_side::both)) == std::errc::bad_file_descriptor);
      CHECK(error_of(stream->local_endpoint()) == std::errc::bad_file_descriptor);
      CHECK(error_of(stream->peer_endpoint()) == std::errc::bad_file_descriptor);
      CHECK(error_of(stream->no_delay()) == std::errc::bad_file_descriptor);
    }
    tcp_listener listener = or_throw(listen("127.0.0.1:0"));
    const endpoint where = or_throw(listener.local_endpoint());
    listener.close();
    listener.close();
    CHECK(!listener.is_open());
    CHECK(error_of(listener.accept()) == errc::closed);
    CHECK(error_of(listener.try_accept()) == errc::closed);
    CHECK(error_of(connect(where)) == std::errc::connection_refused);
  });
}

TEST_CASE("plain threads listen, connect and move data without a runtime") {
  const int before = open_descriptors();
  {
    const auto listener = or_throw(listen("127.0.0.1:0"));
    std::thread server([&] {
      const auto peer = or_throw(listener.accept());
      CHECK(peer.write_all(read_text(peer, 5)));
      CHECK(read_error(peer) == errc::end_of_stream);
    });
    const auto client = or_throw(connect(text_at(listener.local_endpoint()->port(), "localhost")));
    CHECK(client.write_all("hello"));
    CHECK(read_text(client, 5) == "hello");
    CHECK(client.shutdown(socket_side::write));
    server.join();
  }
  CHECK(open_descriptors() == before);
}

TEST_CASE("a plain thread and a fiber serve each other") {
  in_io([] {
    const auto listener = or_throw(listen("127.0.0.1:0"));
    const endpoint where = or_throw(listener.local_endpoint());
    std::thread client([&] {
      const auto stream = or_throw(connect(where));
      CHECK(stream.write_all("hello"));
      CHECK(read_text(stream, 5) == "HELLO");
    });
    const auto peer = or_throw(listener.accept());
    CHECK(read_text(peer, 5) == "hello");
    CHECK(peer.write_all("HELLO"));
    CHECK(read_error(peer) == errc::end_of_stream);
    client.join();
  });
}

TEST_CASE("options without a call here are set on the handle") {
  in_io([] {
    const connection both = connected();
    const int fd = both.client.descriptor().native_handle();
    set_option(fd, SO_KEEPALIVE, 1);
    int value = 0;
    CHECK(raw::get_option(fd, SOL_SOCKET, SO_KEEPALIVE, value));
    CHECK(value == 1);
  });
}

}  // namespace weft::testing
