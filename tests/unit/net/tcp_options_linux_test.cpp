#include <chrono>
#include <string>
#include <system_error>

#include <doctest/doctest.h>
#include <netinet/in.h>

#include <weft/net/tcp_options.hpp>
#include <weft/runtime/explain.hpp>

#include "support/tcp_fixture.hpp"

/// The options that not every system has.
namespace weft::testing {

TEST_CASE("tos and user_timeout can be read back, and accepted streams have them [row 91]") {
  in_io([] {
    for (const char* where : {"127.0.0.1:0", "[::1]:0"}) {
      if (where[0] == '[' && !has_v6()) {
        continue;
      }
      const auto listener = or_throw(listen(where, {.tos = 0x20, .user_timeout = 12'345ms}));
      const connection both = connect_to(listener, {.tos = 0x40, .user_timeout = 5'432ms});
      CHECK(listener.reuse_port() == false);
      CHECK(listener.tos() == 0x20);
      CHECK(listener.user_timeout() == 12'345ms);
      CHECK(both.server.tos() == 0x20);
      CHECK(both.server.user_timeout() == 12'345ms);
      CHECK(both.client.tos() == 0x40);
      CHECK(both.client.user_timeout() == 5'432ms);
    }
  });
}

TEST_CASE("options that only a listener has can be read back [row 91] [row 92]") {
  in_io([] {
    const auto listener = or_throw(listen(
        "127.0.0.1:0",
        {.reuse_port = true, .fast_open_queue = 7, .defer_accept = 3s, .interface_name = "lo"}));
    CHECK(listener.reuse_port() == true);
    CHECK(listener.fast_open_queue() == 7);
    CHECK(listener.defer_accept().value() >= 3s);
    CHECK(listener.interface_name() == "lo");
    CHECK(listen("127.0.0.1:0")->interface_name() == "");
  });
}

TEST_CASE("an interface that there is not is refused") {
  in_io([] {
    for (const char* name : {"nowhere0", "a name that is far too long"}) {
      CHECK(error_of(listen("127.0.0.1:0", {.interface_name = name})) == std::errc::no_such_device);
    }
  });
}

TEST_CASE("these options are set and read on a stream that stands, too [row 91] [row 98]") {
  in_io([] {
    const connection both = connected();
    const tcp_stream& s = both.client;
    CHECK(s.set_tos(0x10));
    CHECK(s.tos() == 0x10);
    CHECK(s.set_quick_ack(false));
    CHECK(s.quick_ack() == false);
    CHECK(s.set_quick_ack(true));
    CHECK(s.quick_ack() == true);
    CHECK(s.set_user_timeout(4s));
    CHECK(s.user_timeout() == 4s);
    CHECK(carries_data(both));
  });
}

TEST_CASE("on an IPv6 stream tos is the traffic class [row 98]") {
  in_io([] {
    if (!has_v6()) {
      return;
    }
    const connection both = connect_to(or_throw(listen("[::1]:0")), {.tos = 0x40});
    int service = 0;
    CHECK(raw::get_option(both.client.descriptor().native_handle(), IPPROTO_IPV6, IPV6_TCLASS,
                          service));
    CHECK(service == 0x40);
    CHECK(both.client.tos() == 0x40);
  });
}

TEST_CASE("a connection starts from the interface asked for [row 92]") {
  in_io([] {
    const auto listener = or_throw(listen("127.0.0.1:0"));
    const endpoint source(ip_address::v4(127, 0, 0, 42), 0);
    const connection both = connect_to(listener, {.source = source, .interface_name = "lo"});
    CHECK(both.server.peer_endpoint()->address() == source.address());
    CHECK(both.client.interface_name() == "lo");
  });
}

TEST_CASE("fast open lets connect() succeed at once, and carries data") {
  in_io([] {
    const auto listener = or_throw(listen("127.0.0.1:0", {.fast_open_queue = 16}));
    for (int i = 0; i < 2; ++i) {  // the second time with the cookie that the first one got
      const auto client = or_throw(connect(*listener.local_endpoint(), {.fast_open = true}));
      CHECK(client.fast_open() == true);
      CHECK(client.write_all("early"));
      CHECK(read_text(or_throw(listener.accept()), 5) == "early");
    }
  });
}

TEST_CASE("with defer_accept a connection is accepted once its first data has come") {
  in_io([] {
    const auto listener = or_throw(listen("127.0.0.1:0", {.defer_accept = 20s}));
    const auto client = or_throw(connect(*listener.local_endpoint()));
    (void)sleep_for(settle_time);
    CHECK(error_of(listener.try_accept()) == would_block);
    CHECK(client.write_all("now"));
    CHECK(read_text(or_throw(listener.accept()), 3) == "now");
  });
}

TEST_CASE("a connection that cannot be made as asked for says what is amiss [row 88]") {
  in_io([] {
    const endpoint where = endpoint::loopback_v4(80);
    const auto why = [](const result<tcp_stream>& outcome) { return explain(error_of(outcome)); };
    CHECK(why(connect(where, {.interface_name = "nosuch0"}))
              .ends_with("(this machine has no interface of the name that was asked for)"));
    if (has_v6()) {
      CHECK(why(connect(where, {.source = endpoint::loopback_v6(0)}))
                .ends_with("(the source is an address of the other family)"));
      CHECK(why(connect("[fe80::1]:80"))
                .ends_with("(a link-local address is one of an interface: write it as in "
                           "[fe80::1%eth0]:80)"));
    }
  });
}

}  // namespace weft::testing
