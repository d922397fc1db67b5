#include <string>

#include <doctest/doctest.h>

#include <weft/net/relay.hpp>
#include <weft/net/unix_stream.hpp>

#include "support/ends_of_wait.hpp"
#include "support/tcp_fixture.hpp"

/// relay() of Unix streams.
namespace weft::testing {

TEST_CASE("relay() joins streams of different kinds [row 85]") {
  in_io([] {
    const connection outside = connected();
    const auto [near, far] = or_throw(unix_stream::pair());
    auto relaying = spawn([&, &local = near] { return relay(outside.server, local); });
    const std::string data(rounds(300'000), 'd');
    auto writer = spawn([&] {
      or_throw(outside.client.write_all(data));
      or_throw(outside.client.shutdown(socket_side::write));
    });
    CHECK((read_text(far, data.size()) == data));
    CHECK(read_error(far) == errc::end_of_stream);
    CHECK(far.write_all("answer"));
    CHECK(read_text(outside.client, 6) == "answer");
    CHECK(far.shutdown(socket_side::write));
    CHECK(writer.join());
    const auto totals = or_throw(relaying.join());
    CHECK(totals.a_to_b == data.size());
    CHECK(totals.b_to_a == 6);
  });
}

TEST_CASE("relay() between two Unix streams ends with an error, in time and when cancelled") {
  in_io([] {
    const auto [client, left] = or_throw(unix_stream::pair());
    const auto [right, server] = or_throw(unix_stream::pair());
    const auto pass = [&a = left, &b = right] { return relay(a, b); };
    check_gives_up(pass);
    auto relaying = spawn(pass);
    CHECK(client.write_all("ping"));
    CHECK(read_text(server, 4) == "ping");
    CHECK(server.write_all("pong"));
    CHECK(read_text(client, 4) == "pong");
    CHECK(client.shutdown(socket_side::write));
    CHECK(read_error(server) == errc::end_of_stream);
    CHECK(server.shutdown(socket_side::write));
    CHECK(relaying.join());
  });
}

}  // namespace weft::testing
