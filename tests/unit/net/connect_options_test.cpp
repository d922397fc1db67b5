#include <array>
#include <vector>

#include <doctest/doctest.h>

#include <weft/net/connect_options.hpp>
#include <weft/runtime/explain.hpp>

#include "support/tcp_fixture.hpp"

/// Connecting to one of several endpoints [B16].
namespace weft::testing {

namespace {

/// A server that takes no more connections: an attempt to connect gets no answer.
class black_hole {
 public:
  black_hole() : address_(loopback()), listener_(raw_listener(address_, 0)) {
    filler_ = raw_connection(address_);
  }
  endpoint where() const { return endpoint::loopback_v4(ntohs(address_.sin_port)); }

 private:
  sockaddr_in address_;
  raw_handle listener_;
  raw_handle filler_;
};

/// An address that nothing listens on.
endpoint refusing() {
  sockaddr_in address = loopback();
  const raw_handle listener = raw_listener(address, 1);
  return endpoint::loopback_v4(ntohs(address.sin_port));
}

using endpoints = std::vector<endpoint>;

}  // namespace

TEST_CASE(
    "the first endpoint that answers is taken, and one that refuses costs no time [row 115]") {
  in_io([] {
    const auto listener = or_throw(listen("127.0.0.1:0"));
    const endpoint good = or_throw(listener.local_endpoint());
    for (const endpoints& all : {endpoints{good}, endpoints{refusing(), good},
                                 endpoints{refusing(), refusing(), good, refusing()}}) {
      auto client = or_throw(connect(all, {.attempt_delay = 10min}));
      CHECK(client.peer_endpoint() == good);
      CHECK(carries_data({std::move(client), or_throw(listener.accept())}));
    }
  });
}

TEST_CASE("an endpoint that does not answer holds up the next for the delay only [B16]") {
  in_io([] {
    const auto listener = or_throw(listen("127.0.0.1:0"));
    const endpoint good = or_throw(listener.local_endpoint());
    const black_hole silent;
    const black_hole silent_too;
    const int before = open_descriptors();
    {
      const auto start = clock::now();
      const auto client = or_throw(
          connect(endpoints{silent.where(), silent_too.where(), good}, {.attempt_delay = 20ms}));
      CHECK(clock::now() - start >= 40ms);
      CHECK(client.peer_endpoint() == good);
      CHECK(open_descriptors() == before + 1);  // the losers' sockets are closed
    }
    CHECK(listener.try_accept());
    CHECK(error_of(listener.try_accept()) == would_block);
  });
}

TEST_CASE("the families take turns, beginning with the first endpoint's [B16]") {
  in_io([] {
    if (!has_v6()) {
      return;
    }
    const auto v6 = or_throw(listen("[::1]:0"));
    const black_hole silent;
    const endpoint six = or_throw(v6.local_endpoint());
    // The first refuses, so the second is tried at once; a third would be tried in ten minutes.
    const auto client =
        or_throw(connect(endpoints{refusing(), silent.where(), six}, {.attempt_delay = 10min}));
    CHECK(client.peer_endpoint() == six);
  });
}

TEST_CASE("when all fail, the first endpoint's error is told") {
  in_io([] {
    const endpoint first = refusing();
    const endpoint unreachable(ip_address::v4(127, 0, 0, 1), 0);
    const auto failed = connect(endpoints{first, unreachable, refusing()});
    CHECK(error_of(failed) == std::errc::connection_refused);
    CHECK(explain(failed.error()).starts_with("connect " + first.to_string()));
    CHECK(error_of(connect(endpoints{})) == std::errc::invalid_argument);
  });
}

TEST_CASE("a time-out and a cancellation end all attempts and leave no socket") {
  in_io([] {
    const black_hole one;
    const black_hole two;
    const int before = open_descriptors();
    {
      timeout_scope limit{30ms};
      CHECK(error_of(connect(endpoints{one.where(), two.where()}, {.attempt_delay = 5ms})) ==
            errc::timed_out);
    }
    CHECK(open_descriptors() == before);
    auto connecting = spawn([&] {
      return error_of(connect(endpoints{one.where(), two.where()}, {.attempt_delay = 1ms}));
    });
    (void)sleep_for(10ms);
    connecting.cancel();
    CHECK(connecting.join() == make_error_code(errc::operation_canceled));
    CHECK(open_descriptors() == before);
  });
}

TEST_CASE("each attempt has the options asked for") {
  in_io([] {
    const auto listener = or_throw(listen("127.0.0.1:0"));
    const auto client = or_throw(
        connect(endpoints{refusing(), *listener.local_endpoint()}, {.no_delay = false, .ttl = 21}));
    CHECK(client.no_delay() == false);
    CHECK(client.ttl() == 21);
  });
}

TEST_CASE("a plain thread tries one after the other") {
  const auto listener = or_throw(listen("127.0.0.1:0"));
  const endpoint good = or_throw(listener.local_endpoint());
  CHECK(or_throw(connect(endpoints{refusing(), good})).peer_endpoint() == good);
}

}  // namespace weft::testing
