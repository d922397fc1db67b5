#include <array>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <sys/ioctl.h>

#include <weft/net/address_errc.hpp>
#include <weft/net/resolve_errc.hpp>
#include <weft/net/tcp.hpp>

#include "support/io_fixture.hpp"
#include "support/raw_sockets.hpp"

namespace weft::testing {

namespace {

/// On the backend that WEFT_BACKEND names, else the best one, by one worker and by two.
template <class F>
void in_io(F f) {
  for (const unsigned workers : {1U, 2U}) {
    run_in({.name = {}, .workers = workers}, f);
  }
}

/// The two ends of a connection.
struct connection {
  tcp_stream client;
  tcp_stream server;
};

connection connect_to(const tcp_listener& listener, const connect_options& options = {}) {
  tcp_stream client = or_throw(connect(or_throw(listener.local_endpoint()), options));
  return {std::move(client), or_throw(listener.accept())};
}

connection connected() {
  return connect_to(or_throw(listen("127.0.0.1:0")));
}

bool has_v6() {
  return listen("[::1]:0").has_value();
}

std::string text_at(std::uint16_t port, const char* host = "127.0.0.1") {
  return std::string(host) + ":" + std::to_string(port);
}

std::string read_text(const tcp_stream& stream, std::size_t size) {
  std::string text(size, '\0');
  or_throw(stream.read_exact(bytes_of(text)));
  return text;
}

std::error_code read_error(const tcp_stream& stream) {
  std::array<std::byte, 8> buffer;
  return error_of(stream.read(buffer));
}

bool carries_data(const connection& both) {
  or_throw(both.client.write_all("there"));
  or_throw(both.server.write_all("back"));
  return read_text(both.server, 5) == "there" && read_text(both.client, 4) == "back";
}

/// Until so many bytes can be read without waiting.
void await_arrival(const tcp_stream& stream, int size) {
  int arrived = 0;
  while (::ioctl(stream.descriptor().native_handle(), FIONREAD, &arrived) == 0 && arrived < size) {
    (void)sleep_for(100us);
  }
}

constexpr auto would_block = std::errc::operation_would_block;

}  // namespace

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
    CHECK(error_of(listen(where, {.reuse_address = false})) == std::errc::address_in_use);
    CHECK(listen(where));
  });
}

TEST_CASE("listeners share a port when all of them ask to [row 92]") {
  in_io([] {
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

TEST_CASE("after a half-close the other direction goes on [row 97]") {
  in_io([] {
    const connection both = connected();
    CHECK(both.client.write_all("ping"));
    CHECK(both.client.shutdown(socket_side::write));
    CHECK(read_text(both.server, 4) == "ping");
    CHECK(read_error(both.server) == errc::end_of_stream);
    CHECK(read_error(both.server) == errc::end_of_stream);
    CHECK(error_of(both.client.write_all("more")) == std::errc::broken_pipe);
    for (int i = 0; i < 3; ++i) {
      CHECK(both.server.write_all("pong"));
      CHECK(read_text(both.client, 4) == "pong");
    }
    CHECK(both.server.shutdown(socket_side::write));
    CHECK(read_error(both.client) == errc::end_of_stream);
  });
}

TEST_CASE("shutting down the reading side ends the reader that waits, and only it [row 97]") {
  in_io([] {
    const connection both = connected();
    auto reader = spawn([&] { return read_error(both.client); });
    (void)sleep_for(settle_time);
    CHECK(!reader.finished());
    CHECK(both.client.shutdown(socket_side::read));
    CHECK(reader.join() == make_error_code(errc::end_of_stream));
    CHECK(both.client.write_all("still"));
    CHECK(read_text(both.server, 5) == "still");
    CHECK(both.client.shutdown(socket_side::both));
    CHECK(read_error(both.server) == errc::end_of_stream);
  });
}

TEST_CASE("the try forms of read and write fail instead of waiting [row 93]") {
  in_io([] {
    const connection both = connected();
    std::array<std::byte, 8> buffer;
    CHECK(error_of(both.server.try_read(buffer)) == would_block);

    const std::string block(256 * 1024, 'b');
    std::size_t sent = 0;
    result<std::size_t> n;
    while ((n = both.client.try_write(bytes_of(std::string_view(block))))) {
      sent += *n;
    }
    CHECK(n.error() == would_block);
    CHECK(sent > 0);
    (void)read_text(both.server, sent);
    CHECK(error_of(both.server.try_read(buffer)) == would_block);
    CHECK(both.client.write(bytes_of("again")) == 5);

    CHECK(both.client.shutdown(socket_side::write));
    CHECK(read_text(both.server, 5) == "again");
    CHECK(read_error(both.server) == errc::end_of_stream);
    CHECK(error_of(both.server.try_read(buffer)) == errc::end_of_stream);
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

TEST_CASE("the try forms need no runtime and do not mind a cancelled scope [row 93]") {
  in_io([] {
    const connection both = connected();
    CHECK(both.client.write_all("ab"));
    await_arrival(both.server, 2);
    cancel_scope ended;
    ended.cancel();
    std::array<std::byte, 1> byte;
    CHECK(both.server.try_read(byte) == 1);
    std::thread([&] { CHECK(both.server.try_read(byte) == 1); }).join();
    CHECK(both.server.try_write(bytes_of("c")) == 1);
  });
}

TEST_CASE("vectored calls take their buffers in turn [row 96]") {
  in_io([] {
    const connection both = connected();
    const std::array<std::span<const std::byte>, 4> out{
        bytes_of("a"), {}, bytes_of("bcd"), bytes_of("efgh")};
    CHECK(both.client.write_vectored(out) == 8);
    await_arrival(both.server, 8);
    std::string head(3, '.');
    std::string tail(9, '.');
    const std::array<std::span<std::byte>, 3> in{bytes_of(head), {}, bytes_of(tail)};
    CHECK(both.server.read_vectored(in) == 8);
    CHECK(head + tail == "abcdefgh....");
    CHECK(both.client.shutdown(socket_side::write));
    CHECK(error_of(both.server.read_vectored(in)) == errc::end_of_stream);
  });
}

TEST_CASE("a vectored call takes 64 buffers and leaves the rest [row 96]") {
  in_io([] {
    const connection both = connected();
    const std::vector<std::span<const std::byte>> out(100, bytes_of("x"));
    CHECK(both.client.write_vectored(out) == 64);
    CHECK(both.client.write_vectored(std::span(out).first(36)) == 36);
    await_arrival(both.server, 100);
    std::string text(100, '.');
    std::vector<std::span<std::byte>> in;
    for (std::size_t i = 0; i < text.size(); ++i) {
      in.push_back(bytes_of(text).subspan(i, 1));
    }
    CHECK(both.server.read_vectored(in) == 64);
    CHECK(both.server.read_vectored(std::span(in).subspan(64)) == 36);
    CHECK(text == std::string(100, 'x'));
  });
}

TEST_CASE("read_exact() gathers what comes in pieces [row 96]") {
  in_io([] {
    const connection both = connected();
    auto reader = spawn([&] { return read_text(both.server, 12); });
    for (const char* piece : {"one,", "two,", "thre"}) {
      CHECK(both.client.write_all(piece));
      (void)sleep_for(1ms);
    }
    CHECK(reader.join() == "one,two,thre");

    CHECK(both.client.write_all("too short"));
    CHECK(both.client.shutdown(socket_side::write));
    std::array<std::byte, 10> buffer;
    CHECK(error_of(both.server.read_exact(buffer)) == errc::end_of_stream);
  });
}

TEST_CASE("moving nothing succeeds at once") {
  in_io([] {
    const connection both = connected();
    CHECK(both.client.read({}) == 0);
    CHECK(both.client.read_exact({}));
    CHECK(both.client.read_vectored({}) == 0);
    CHECK(both.client.try_read({}) == 0);
    CHECK(both.client.write({}) == 0);
    CHECK(both.client.write_all(""));
    CHECK(both.client.write_vectored({}) == 0);
    CHECK(both.client.try_write({}) == 0);
    CHECK(carries_data(both));
  });
}

TEST_CASE("much data goes both ways at once and arrives as it was sent [row 96] [row 97]") {
  in_io([] {
    const connection both = connected();
    const std::size_t total = rounds(8'000'000);
    std::string data(total, '\0');
    for (std::size_t i = 0; i < total; ++i) {
      data[i] = static_cast<char>(i % 251);
    }
    const auto send = [&](const tcp_stream& stream) {
      CHECK(stream.write_all(data));
      CHECK(stream.shutdown(socket_side::write));
    };
    const auto receive = [&](const tcp_stream& stream) {
      CHECK((read_text(stream, total) == data));
      CHECK(read_error(stream) == errc::end_of_stream);
    };
    std::vector<join_handle<void>> fibers;
    for (const tcp_stream* stream : {&both.client, &both.server}) {
      fibers.push_back(spawn([&, stream] { send(*stream); }));
      fibers.push_back(spawn([&, stream] { receive(*stream); }));
    }
    for (auto& fiber : fibers) {
      CHECK(fiber.join());
    }
  });
}

TEST_CASE("a stream moves, and one that is overwritten is closed") {
  in_io([] {
    connection both = connected();
    tcp_stream moved(std::move(both.client));
    CHECK(moved.is_open());
    CHECK(!both.client.is_open());
    CHECK(read_error(both.client) == errc::closed);
    both.client = std::move(moved);
    CHECK(carries_data(both));

    connection other = connected();
    both.client = std::move(other.client);
    CHECK(read_error(both.server) == errc::end_of_stream);
    CHECK(carries_data({std::move(both.client), std::move(other.server)}));
  });
}

TEST_CASE("a listener moves, and listens on") {
  in_io([] {
    tcp_listener listener = or_throw(listen("127.0.0.1:0"));
    tcp_listener moved;
    CHECK(!moved.is_open());
    moved = std::move(listener);
    CHECK(error_of(listener.accept()) == errc::closed);
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
    socklen_t size = sizeof value;
    CHECK(::getsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &value, &size) == 0);
    CHECK(value == 1);
  });
}

}  // namespace weft::testing
