#include <array>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <weft/net/stream_socket.hpp>

#include "support/tcp_fixture.hpp"

namespace weft::testing {

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

}  // namespace weft::testing
