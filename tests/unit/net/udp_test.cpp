#include <array>
#include <string>

#include <doctest/doctest.h>

#include <weft/net/address_errc.hpp>
#include <weft/net/udp.hpp>
#include <weft/runtime/explain.hpp>
#include <weft/runtime/yield.hpp>

#include "support/ends_of_wait.hpp"
#include "support/raw_sockets.hpp"
#include "support/udp_fixture.hpp"

namespace weft::testing {

namespace {

constexpr auto would_block = std::errc::operation_would_block;

bool has_v6() {
  return udp_socket::bind("[::1]:0").has_value();
}

}  // namespace

TEST_CASE("a datagram arrives whole, with the address of its sender [row 101]") {
  in_io([] {
    const udp_socket one = bound();
    const udp_socket two = bound();
    std::array<std::byte, 64> buffer;
    for (const std::string text : {"hello", "", "a longer one"}) {
      CHECK(one.send_to(text, where(two)));
      const auto got = or_throw(two.receive_from(buffer));
      CHECK(text_in(buffer, got.size) == text);
      CHECK(got.from == where(one));
      CHECK(!got.truncated);
    }
  });
}

TEST_CASE("a receiver waits until a datagram comes [row 101]") {
  in_io([] {
    const udp_socket one = bound();
    const udp_socket two = bound();
    auto receiver = spawn([&] { return receive_text(two); });
    (void)sleep_for(settle_time);
    CHECK(!receiver.finished());
    CHECK(one.send_to("at last", where(two)));
    CHECK(receiver.join() == "at last");
  });
}

TEST_CASE("of datagrams that are there already, nearly all are received without a wait [row 101]") {
  run_everywhere(
      [] {
        constexpr int burst = 60;
        const udp_socket one = bound();
        const udp_socket two = bound();
        std::array<std::byte, 64> buffer;
        for (int i = 0; i < burst; ++i) {
          CHECK(one.send_to("there", where(two)));
        }
        bool done = false;
        int turns = 0;  // of the other fiber: it runs whenever this one waits
        auto other = spawn([&] {
          while (!done) {
            ++turns;
            yield();
          }
        });
        int before = 0;
        for (int i = 0; i < burst; ++i) {
          CHECK(two.receive_from(buffer));
          before = i < 2 ? turns : before;  // the first ones tell what is to be expected
        }
        const int waits = turns - before;
        done = true;
        CHECK(waits < burst / 4);
        CHECK(other.join());
      },
      {1});
}

TEST_CASE("what does not fit the buffer is reported, and the next datagram is whole [row 101]") {
  in_io([] {
    const udp_socket one = bound();
    const udp_socket two = bound();
    std::array<std::byte, 4> buffer;
    for (int i = 0; i < 2; ++i) {
      CHECK(one.send_to("too long", where(two)));
      CHECK(one.send_to("fits", where(two)));
    }
    const auto cut = or_throw(two.receive_from(buffer));
    CHECK(cut.truncated);
    CHECK(text_in(buffer, cut.size) == "too ");
    CHECK(!or_throw(two.receive_from(buffer)).truncated);
    CHECK(error_of(two.receive(buffer)) == std::errc::message_size);
    CHECK(two.receive(buffer) == 4);
    CHECK(text_in(buffer, 4) == "fits");
  });
}

TEST_CASE("an unbound socket gets a port when it sends [row 101]") {
  in_io([] {
    const udp_socket client = or_throw(udp_socket::unbound(ip_family::v4));
    CHECK(where(client).port() == 0);
    const udp_socket server = bound();
    CHECK(client.send_to("hello", where(server)));
    CHECK(where(client).port() != 0);
    std::array<std::byte, 8> buffer;
    CHECK(or_throw(server.receive_from(buffer)).from.port() == where(client).port());
  });
}

TEST_CASE("addresses are given as text, too, host names among them [row 101]") {
  in_io([] {
    const udp_socket server = or_throw(udp_socket::bind("localhost:0"));
    CHECK(where(server).address().is_loopback());
    const udp_socket client = or_throw(udp_socket::unbound(ip_family::v4));
    const udp_socket v4_server = bound();
    CHECK(client.connect("localhost:" + std::to_string(where(v4_server).port())));
    CHECK(client.send("by name"));
    CHECK(receive_text(v4_server) == "by name");
    CHECK(client.connect(where(v4_server).to_string()));
    CHECK(error_of(client.connect("127.0.0.1")) == address_errc::missing_port);
    CHECK(error_of(udp_socket::bind("127.0.0.1:x")) == address_errc::bad_port);
  });
}

TEST_CASE("bind() says which address it could not have, and the way out") {
  in_io([] {
    const udp_socket first = bound();
    const auto taken = error_of(udp_socket::bind(where(first)));
    CHECK(taken == std::errc::address_in_use);
    CHECK(explain(taken).starts_with("bind " + where(first).to_string() + ": "));
    CHECK(explain(taken).ends_with("port 0 picks a free one)"));
    if (raw::refuses_foreign_addresses) {
      CHECK(error_of(udp_socket::bind("192.0.2.1:0")) == std::errc::address_not_available);
    }
  });
}

TEST_CASE("IPv6 carries datagrams, and an IPv6 socket reaches IPv4 unless told not to [row 101]") {
  in_io([] {
    if (!has_v6()) {
      return;
    }
    const udp_socket six = or_throw(udp_socket::bind("[::1]:0"));
    CHECK(six.send_to("to myself", where(six)));
    CHECK(receive_text(six) == "to myself");

    const udp_socket both = or_throw(udp_socket::bind("[::]:0"));
    const udp_socket four = bound();
    CHECK(both.send_to("down", where(four)));
    std::array<std::byte, 8> buffer;
    const auto got = or_throw(four.receive_from(buffer));
    CHECK(four.send_to("up", got.from));
    CHECK(or_throw(both.receive_from(buffer)).from.unmapped() == where(four));

    const udp_socket strict = or_throw(udp_socket::bind("[::]:0", {.v6_only = true}));
    CHECK(!strict.send_to("down", where(four)));
  });
}

TEST_CASE("every call that waits for a datagram gives up as it should [row 101] [row 102]") {
  in_io([] {
    std::array<std::byte, 8> buffer;
    const auto check = [](auto wait) {
      udp_socket socket = bound();
      check_ends_of_wait([&] { return wait(socket); }, [&] { socket.close(); });
    };
    check([&](const udp_socket& s) { return s.receive_from(buffer); });
    check([&](const udp_socket& s) { return s.receive(buffer); });
    check([&](const udp_socket& s) { return s.peek_from(buffer); });
    check([&](const udp_socket& s) { return s.peek(buffer); });
    check([&](const udp_socket& s) { return s.readable(); });
  });
}

TEST_CASE("a sender in a cancelled scope sends nothing, and one on a closed socket neither") {
  in_io([] {
    couple both;
    {
      cancel_scope ended;
      ended.cancel();
      CHECK(error_of(both.one.send("no")) == errc::operation_canceled);
      CHECK(error_of(both.one.send_to("no", where(both.two))) == errc::operation_canceled);
      CHECK(error_of(both.one.writable()) == errc::operation_canceled);
    }
    std::array<std::byte, 8> buffer;
    CHECK(error_of(both.two.try_receive(buffer)) == would_block);
    CHECK(both.one.writable());
    both.one.close();
    CHECK(!both.one.is_open());
    CHECK(error_of(both.one.send("no")) == errc::closed);
    CHECK(error_of(both.one.try_send(bytes_of("no"))) == errc::closed);
    CHECK(error_of(both.one.connect(where(both.two))) == errc::closed);
    CHECK(error_of(both.one.writable()) == errc::closed);
    CHECK(error_of(both.one.ttl()) == errc::closed);
    CHECK(error_of(udp_socket().receive(buffer)) == errc::closed);
  });
}

TEST_CASE("a datagram that is too large is refused whole [row 101]") {
  in_io([] {
    const couple both;
    const std::string huge(70'000, 'x');
    CHECK(error_of(both.one.send(huge)) == std::errc::message_size);
    const std::string largest(65'507, 'x');
    CHECK(both.one.send(largest));
    std::string got(70'000, '.');
    CHECK(both.two.receive(bytes_of(got)) == largest.size());
  });
}

TEST_CASE("a socket is taken over and given up again [row 138]") {
  in_io([] {
    const udp_socket server = bound();
    raw_handle raw(bound().release());
    const udp_socket adopted = udp_socket::from(adopt(std::move(raw)));
    CHECK(adopted.send_to("taken over", where(server)));
    CHECK(receive_text(server) == "taken over");
  });
}

}  // namespace weft::testing
