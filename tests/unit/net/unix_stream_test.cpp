#include <array>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <unistd.h>

#include <weft/net/unix.hpp>
#include <weft/runtime/explain.hpp>

#include "support/ends_of_wait.hpp"
#include "support/raw_sockets.hpp"
#include "support/scratch.hpp"

namespace weft::testing {

namespace {

std::pair<unix_stream, unix_stream> pair() {
  return or_throw(unix_stream::pair());
}

std::string read_text(const unix_stream& stream, std::size_t size) {
  std::string text(size, '\0');
  or_throw(stream.read_exact(bytes_of(text)));
  return text;
}

bool carries_data(const unix_stream& one, const unix_stream& two) {
  or_throw(one.write_all("there"));
  or_throw(two.write_all("back"));
  return read_text(two, 5) == "there" && read_text(one, 4) == "back";
}

std::string abstract_name() {
  static int count = 0;
  return "@weft-test-" + std::to_string(::getpid()) + "-" + std::to_string(++count);
}

}  // namespace

TEST_CASE("a client reaches a listener at a path and at an abstract name [row 107] [row 109]") {
  in_io([] {
    const scratch_directory scratch;
    for (const std::string& where : {scratch / "server", abstract_name()}) {
      const auto listener = or_throw(unix_listener::listen(where));
      CHECK(listener.local_endpoint()->to_string() == where);
      const auto client = or_throw(unix_stream::connect(where));
      const auto server = or_throw(listener.accept());
      CHECK(carries_data(client, server));
      CHECK(client.peer_endpoint()->to_string() == where);
      CHECK(server.local_endpoint()->to_string() == where);
      CHECK(client.local_endpoint()->is_unnamed());
      CHECK(server.peer_endpoint()->is_unnamed());
    }
  });
}

TEST_CASE("the ends of a pair are connected with each other [row 108]") {
  in_io([] {
    const auto [one, two] = pair();
    CHECK(carries_data(one, two));
    CHECK(one.shutdown(socket_side::write));
    std::array<std::byte, 4> buffer;
    CHECK(error_of(two.read(buffer)) == errc::end_of_stream);
    CHECK(two.write_all("still"));
    CHECK(read_text(one, 5) == "still");
  });
}

TEST_CASE("much data goes both ways at once over a pair [row 107]") {
  in_io([] {
    const auto ends = pair();
    const std::string data(rounds(3'000'000), 'd');
    std::vector<join_handle<void>> fibers;
    for (const unix_stream* stream : {&ends.first, &ends.second}) {
      fibers.push_back(spawn([&, stream] { CHECK(stream->write_all(data)); }));
      fibers.push_back(spawn([&, stream] { CHECK((read_text(*stream, data.size()) == data)); }));
    }
    for (auto& fiber : fibers) {
      or_throw(fiber.join());
    }
  });
}

TEST_CASE("reading, writing and accepting give up as they should [row 107]") {
  in_io([] {
    std::array<std::byte, 8> buffer;
    {
      auto ends = pair();
      check_ends_of_wait([&] { return ends.first.read(buffer); }, [&] { ends.first.close(); });
    }
    {
      auto ends = pair();
      const std::string much(8 << 20, 'x');
      check_ends_of_wait([&] { return ends.first.write_all(much); }, [&] { ends.first.close(); });
    }
    {
      auto ends = pair();
      std::array<owned_handle, 1> room;
      check_ends_of_wait([&] { return ends.first.receive_handles(buffer, room); },
                         [&] { ends.first.close(); });
    }
    auto listener = or_throw(unix_listener::listen(abstract_name()));
    CHECK(error_of(listener.try_accept()) == std::errc::operation_would_block);
    check_ends_of_wait([&] { return listener.accept(); }, [&] { listener.close(); });
  });
}

TEST_CASE("a client waits while the listener's backlog is full [row 107]") {
  in_io([] {
    const std::string where = abstract_name();
    const auto listener = or_throw(unix_listener::listen(where, {.backlog = 1}));
    std::vector<unix_stream> clients;
    for (;;) {
      timeout_scope limit(5ms);
      auto client = unix_stream::connect(where);
      if (!client) {
        CHECK(error_of(client) == errc::timed_out);
        break;
      }
      clients.push_back(std::move(*client));
      REQUIRE(clients.size() < 10);
    }
    check_gives_up([&] { return unix_stream::connect(where); });
    auto late = spawn([&] { return unix_stream::connect(where); });
    (void)sleep_for(settle_time);
    CHECK(!late.finished());
    for (std::size_t i = 0; i < clients.size(); ++i) {
      CHECK(listener.accept());
    }
    CHECK(late.join());
    CHECK(listener.accept());
  });
}

TEST_CASE("connecting says what is wrong and what to do about it [row 107]") {
  in_io([] {
    const scratch_directory scratch;
    const auto complaint = [](const std::string& where) {
      return explain(error_of(unix_stream::connect(where)));
    };
    const std::string nowhere = scratch / "nowhere";
    CHECK(error_of(unix_stream::connect(nowhere)) == std::errc::no_such_file_or_directory);
    CHECK(complaint(nowhere).starts_with("connect " + nowhere + ": "));
    CHECK(error_of(unix_stream::connect(abstract_name())) == std::errc::connection_refused);
    CHECK(error_of(unix_stream::connect("")) == std::errc::invalid_argument);
    const auto datagrams = or_throw(unix_datagram::bind(nowhere));
    CHECK(error_of(unix_stream::connect(nowhere)) == std::errc::wrong_protocol_type);
    CHECK(complaint(nowhere).ends_with("stream or datagram)"));
  });
}

TEST_CASE("the system vouches for the peer [row 110]") {
  in_io([] {
    const std::string where = abstract_name();
    const auto listener = or_throw(unix_listener::listen(where));
    const auto client = or_throw(unix_stream::connect(where));
    const auto server = or_throw(listener.accept());
    const peer_credentials me{
        .process_id = ::getpid(), .user_id = ::getuid(), .group_id = ::getgid()};
    CHECK(client.peer_credentials() == me);
    CHECK(server.peer_credentials() == me);
    CHECK(pair().first.peer_credentials() == me);
    CHECK(error_of(unix_stream().peer_credentials()) == errc::closed);
  });
}

TEST_CASE("a native handle is adopted and given up again, still open [row 138]") {
  in_io([] {
    raw_pair ends = local_pair();
    const int native = ends.near.get();
    auto stream = unix_stream::from(adopt(std::move(ends.near)));
    CHECK(stream.descriptor().native_handle() == native);
    CHECK(send_now(ends.far.get(), "ping"));
    CHECK(read_text(stream, 4) == "ping");

    raw_handle mine(stream.release());
    CHECK(mine.get() == native);
    CHECK(!stream.is_open());
    CHECK(stream.release() == -1);
    CHECK(error_of(stream.write_all("x")) == errc::closed);
    CHECK(send_now(mine.get(), "pong"));
    CHECK(receive_now(ends.far.get()) == "pong");
  });
}

TEST_CASE("a listener is adopted and given up again, and its file stays [row 138]") {
  in_io([] {
    const scratch_directory scratch;
    const std::string path = scratch / "server";
    auto listener = or_throw(unix_listener::listen(path));
    raw_handle mine(listener.release());
    CHECK(!listener.is_open());
    CHECK(::access(path.c_str(), F_OK) == 0);

    auto again = unix_listener::from(adopt(std::move(mine)));
    const auto client = or_throw(unix_stream::connect(path));
    const auto server = or_throw(again.accept());
    CHECK(carries_data(client, server));
    again.close();
    CHECK(::access(path.c_str(), F_OK) == 0);
  });
}

}  // namespace weft::testing
