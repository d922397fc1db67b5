#include <array>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <sigpipe.hpp>

#include <weft/net/resolve_errc.hpp>
#include <weft/net/tcp.hpp>

#include "check_says.hpp"
#include "support/io_fixture.hpp"
#include "support/raw_sockets.hpp"

/// What users do wrong and what peers do to them: each gives an error that says what it was.
namespace weft::testing {

namespace {

bool is_broken(std::error_code error) {
  return error == std::errc::connection_reset || error == std::errc::broken_pipe;
}

std::uint16_t unused_port() {
  return or_throw(listen("127.0.0.1:0")).local_endpoint()->port();
}

}  // namespace

TEST_CASE("a port that is taken: the message names it and the way out") {
  in_io([] {
    const auto first = or_throw(listen("127.0.0.1:0"));
    const std::string where = first.local_endpoint()->to_string();
    const auto second = listen(where);
    CHECK(error_of(second) == std::errc::address_in_use);
    check_says(second, "listen " + where,
               "(another program listens there; port 0 picks a free one)");
  });
}

TEST_CASE("an address that is not this machine's: the message says so" *
          doctest::skip(!raw::refuses_foreign_addresses)) {
  in_io([] {
    const auto outcome = listen("192.0.2.1:0");  // set aside for documentation
    CHECK(error_of(outcome) == std::errc::address_not_available);
    check_says(outcome, "listen 192.0.2.1:0", "(no interface of this machine has that address)");
  });
}

TEST_CASE("a server that is not there: the message names its address") {
  in_io([] {
    const std::string port = std::to_string(unused_port());
    const auto by_address = connect("127.0.0.1:" + port);
    CHECK(error_of(by_address) == std::errc::connection_refused);
    check_says(by_address, "connect 127.0.0.1:" + port, "(nothing listens there)");
    const auto by_name = connect("localhost:" + port);
    CHECK(error_of(by_name) == std::errc::connection_refused);
    check_says(by_name, "connect localhost:" + port, "(nothing listens there)");
  });
}

TEST_CASE("a plain thread is told the same") {
  const std::string where = "127.0.0.1:" + std::to_string(unused_port());
  const auto outcome = connect(where);
  CHECK(error_of(outcome) == std::errc::connection_refused);
  check_says(outcome, "connect " + where, "(nothing listens there)");
}

TEST_CASE("a host that does not exist: the message names it") {
  in_io([] {
    const timeout_scope limit(2s);  // name servers may be silent
    const auto outcome = connect("no-such-host.invalid:80");
    const std::error_code error = error_of(outcome);
    CHECK((error.category() == resolve_category() || error == errc::timed_out));
    check_says(outcome, "connect no-such-host.invalid:80", "");
  });
}

TEST_CASE("an address without a port: the message names it and says what to write") {
  in_io([] {
    check_says(listen("127.0.0.1"), "listen 127.0.0.1", "");
    check_says(connect("[::1]"), "connect [::1]", "");
  });
}

TEST_CASE("a peer that resets the connection ends the write that waits [row 125]") {
  const deadly_sigpipe armed;
  in_io([] {
    raw_pair ends = tcp_pair();
    set_option(ends.near.get(), SO_SNDBUF, 16 * 1024);
    fill(ends.near.get());
    const tcp_stream near = stream_on(std::move(ends.near));
    auto writer = spawn([&] { return error_of(near.write_all(std::string(1'000'000, 'w'))); });
    (void)sleep_for(settle_time);
    CHECK(!writer.finished());
    reset(ends.far);
    const auto error = writer.join();
    REQUIRE(error);
    CHECK_MESSAGE(is_broken(*error), error->message());
  });
}

TEST_CASE("no form of write raises SIGPIPE [row 125]") {
  const deadly_sigpipe armed;
  in_io([] {
    raw_pair ends = tcp_pair();
    const tcp_stream near = stream_on(std::move(ends.near));
    reset(ends.far);
    std::array<std::byte, 8> buffer;
    const std::error_code told = error_of(near.read(buffer));
    CHECK((is_broken(told) || (!raw::remembers_resets && told == errc::end_of_stream)));
    const std::array<std::span<const std::byte>, 1> parts{bytes_of("x")};
    for (int i = 0; i < 2; ++i) {
      CHECK(is_broken(error_of(near.write(bytes_of("x")))));
      CHECK(is_broken(error_of(near.write_all("x"))));
      CHECK(is_broken(error_of(near.try_write(bytes_of("x")))));
      CHECK(is_broken(error_of(near.write_vectored(parts))));
    }
    std::thread([&] {
      CHECK(is_broken(error_of(near.write(bytes_of("x")))));
      CHECK(is_broken(error_of(near.write_vectored(parts))));
    }).join();
  });
}

TEST_CASE("a peer that resets the connection ends the read that waits") {
  in_io([] {
    raw_pair ends = tcp_pair();
    const tcp_stream near = stream_on(std::move(ends.near));
    auto reader = spawn([&] {
      std::array<std::byte, 8> buffer;
      return error_of(near.read(buffer));
    });
    (void)sleep_for(settle_time);
    reset(ends.far);
    CHECK(or_throw(reader.join()) == std::errc::connection_reset);
  });
}

TEST_CASE("a connection that was reset before it was accepted does not end the server") {
  in_io([] {
    const auto listener = or_throw(listen("127.0.0.1:0"));
    const sockaddr_in address = loopback(listener.local_endpoint()->port());
    raw_handle gone = raw_connection(address);
    reset(gone);
    const raw_handle there = raw_connection(address);
    CHECK(send_now(there.get(), "!"));
    for (bool served = false; !served;) {
      const auto peer = or_throw(listener.accept());
      std::array<std::byte, 1> byte;
      served = peer.read(byte).has_value();
    }
  });
}

}  // namespace weft::testing
