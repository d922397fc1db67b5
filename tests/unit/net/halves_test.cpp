#include <array>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include <doctest/doctest.h>

#include <weft/net/halves.hpp>
#include <weft/net/unix_stream.hpp>
#include <weft/sync/task_group.hpp>

#include "support/tcp_fixture.hpp"

namespace weft::testing {

TEST_CASE("borrowed halves read and write at the same time [row 97]") {
  in_io([] {
    const connection both = connected();
    const auto [reader, writer] = split(both.client);
    auto echo = spawn([&server = both.server] {
      for (int i = 0; i < 10; ++i) {
        or_throw(server.write_all(read_text(server, 4)));
      }
    });
    auto receiver = spawn([half = reader] {
      std::string text(40, '.');
      or_throw(half.read_exact(bytes_of(text)));
      return text;
    });
    for (int i = 0; i < 10; ++i) {
      CHECK(writer.write_all("ping"));
    }
    CHECK(receiver.join().value().starts_with("pingping"));
    CHECK(echo.join());
    CHECK(writer.shutdown());
    CHECK(read_error(both.server) == errc::end_of_stream);
    CHECK(&reader.stream() == &both.client);
  });
}

TEST_CASE("every call of a stream is there on one half or the other [row 97]") {
  in_io([] {
    const connection both = connected();
    const auto [reader, writer] = split(both.client);
    std::array<std::byte, 4> buffer;
    const std::array<std::span<std::byte>, 1> in{buffer};
    const std::array<std::span<const std::byte>, 1> out{bytes_of("ping")};
    CHECK(error_of(reader.try_read(buffer)) == would_block);
    CHECK(error_of(reader.try_peek(buffer)) == would_block);
    CHECK(error_of(reader.try_read_vectored(in)) == would_block);
    CHECK(both.server.write_all("abcdefghijklmnop"));
    CHECK(reader.readable());
    await_arrival(both.client, 16);
    CHECK(reader.peek(buffer) == 4);
    CHECK(reader.read(buffer) == 4);
    CHECK(reader.read_vectored(in) == 4);
    CHECK(reader.try_read_vectored(in) == 4);
    CHECK(reader.read_exact(buffer));
    CHECK(writer.writable());
    CHECK(writer.write(out[0]) == 4);
    CHECK(writer.write_all(out[0]));
    CHECK(writer.write_all("ping"));
    CHECK(writer.write_vectored(out) == 4);
    CHECK(writer.write_all_vectored(out));
    CHECK(writer.try_write(out[0]) == 4);
    CHECK(writer.try_write_vectored(out) == 4);
    CHECK(read_text(both.server, 28) == "pingpingpingpingpingpingping");
    CHECK(reader.take_error() == std::error_code());
    CHECK(writer.take_error() == std::error_code());
    CHECK(reader.shutdown());
    CHECK(error_of(reader.read(buffer)) == errc::end_of_stream);
  });
}

TEST_CASE("owned halves move to fibers that outlive the one that had the stream [row 97]") {
  in_io([] {
    connection both = connected();
    task_group users;
    [&] {
      auto halves = into_halves(std::move(both.client));
      users.spawn([half = std::move(halves.reader)]() -> result<void> {
        std::array<std::byte, 4> buffer;
        return half.read_exact(buffer);
      });
      users.spawn([half = std::move(halves.writer)] { return half.write_all("ping"); });
    }();
    CHECK(!both.client.is_open());
    CHECK(read_text(both.server, 4) == "ping");
    CHECK(read_error(both.server) == errc::end_of_stream);
    CHECK(both.server.write_all("pong"));
    CHECK(users.wait());
  });
}

TEST_CASE("dropping an owned write half ends its direction, and the other goes on [row 97]") {
  in_io([] {
    connection both = connected();
    auto halves = into_halves(std::move(both.client));
    {
      const auto writer = std::move(halves.writer);
      CHECK(writer.write_all("last"));
    }
    CHECK(read_text(both.server, 4) == "last");
    CHECK(read_error(both.server) == errc::end_of_stream);
    CHECK(both.server.write_all("pong"));
    std::array<std::byte, 4> buffer;
    CHECK(halves.reader.read_exact(buffer));
  });
}

TEST_CASE("a write half that is forgotten leaves its direction open [row 97]") {
  in_io([] {
    connection both = connected();
    std::optional<owned_read_half<tcp_stream>> reader;
    {
      auto halves = into_halves(std::move(both.client));
      reader.emplace(std::move(halves.reader));
      halves.writer.forget();
    }
    {
      timeout_scope limit{settle_time};
      CHECK(read_error(both.server) == errc::timed_out);
    }
    reader.reset();  // the last owner closes
    CHECK(read_error(both.server) == errc::end_of_stream);
  });
}

TEST_CASE("halves of one stream make it whole again [row 97]") {
  in_io([] {
    connection both = connected();
    const endpoint where = or_throw(both.client.local_endpoint());
    auto halves = into_halves(std::move(both.client));
    CHECK(halves.writer.write_all("one"));
    auto whole = reunite(std::move(halves.reader), std::move(halves.writer));
    REQUIRE(whole);
    CHECK(whole->local_endpoint() == where);
    both.client = std::move(*whole);
    CHECK(read_text(both.server, 3) == "one");
    CHECK(carries_data(both));
  });
}

TEST_CASE("halves of different streams are not made one, and stay as they are [row 97]") {
  in_io([] {
    connection one = connected();
    connection two = connected();
    auto first = into_halves(std::move(one.client));
    auto second = into_halves(std::move(two.client));
    CHECK(error_of(reunite(std::move(first.reader), std::move(second.writer))) ==
          std::errc::invalid_argument);
    CHECK(error_of(reunite(std::move(second.reader), std::move(first.writer))) ==
          std::errc::invalid_argument);
    one.client = or_throw(reunite(std::move(first.reader), std::move(first.writer)));
    two.client = or_throw(reunite(std::move(second.reader), std::move(second.writer)));
    CHECK(carries_data(one));
    CHECK(carries_data(two));
    CHECK(error_of(reunite(std::move(first.reader), std::move(first.writer))) ==
          std::errc::invalid_argument);
  });
}

TEST_CASE("Unix streams have halves, borrowed and owned [row 97]") {
  in_io([] {
    if (!raw::has_unix_sockets) {
      return;
    }
    auto [one, two] = or_throw(unix_stream::pair());
    {
      const auto [reader, writer] = split(one);
      auto receiver = spawn([half = reader] {
        std::string text(4, '.');
        or_throw(half.read_exact(bytes_of(text)));
        return text;
      });
      CHECK(writer.write_all("ping"));
      CHECK(read_text(two, 4) == "ping");
      CHECK(two.write_all("pong"));
      CHECK(receiver.join() == "pong");
    }
    auto halves = into_halves(std::move(one));
    auto writing = spawn([half = std::move(halves.writer)] {
      or_throw(half.write_all("last"));
      return 0;
    });
    CHECK(writing.join());
    CHECK(read_text(two, 4) == "last");
    CHECK(two.write_all("late"));
    std::array<std::byte, 4> buffer;
    CHECK(halves.reader.read_exact(buffer));

    auto others = into_halves(std::move(two));
    const auto whole = reunite(std::move(others.reader), std::move(others.writer));
    REQUIRE(whole);
    CHECK(whole->write_all("more"));
    CHECK(halves.reader.read_exact(buffer));
  });
}

TEST_CASE("halves are assigned to each other") {
  in_io([] {
    connection one = connected();
    connection two = connected();
    auto first = into_halves(std::move(one.client));
    auto second = into_halves(std::move(two.client));
    first.writer = std::move(second.writer);
    CHECK(read_error(one.server) == errc::end_of_stream);  // the one that was overwritten is gone
    first.reader = std::move(second.reader);
    two.client = or_throw(reunite(std::move(first.reader), std::move(first.writer)));
    CHECK(carries_data(two));
  });
}

}  // namespace weft::testing
