#include <array>
#include <atomic>
#include <cerrno>
#include <random>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <weft/io/detail/syscalls.hpp>
#include <weft/net/serve.hpp>
#include <weft/sync/task_group.hpp>

#include "support/tcp_fixture.hpp"

/// A server whose peers and system behave badly at random, and who connects in spite of it. What is
/// checked is that nothing hangs, and that no fiber and no descriptor is left [B13] [B16].
namespace weft::testing {

namespace {

std::atomic<unsigned> countdown{0};

/// Now and then a call fails for want of something.
detail::sys::fault run_short(detail::sys::call which, int, std::size_t) noexcept {
  const bool counts = which == detail::sys::call::accept || which == detail::sys::call::socket;
  return {.error = counts && ++countdown % 7 == 0 ? EMFILE : 0};
}

/// The process runs short while it lives.
struct shortage {
  shortage() { detail::sys::inject(&run_short); }
  ~shortage() { detail::sys::inject(nullptr); }
  shortage(const shortage&) = delete;
  shortage& operator=(const shortage&) = delete;
};

void echo(const tcp_stream& peer) {
  std::array<std::byte, 512> buffer;
  while (auto n = peer.read(buffer)) {
    if (!peer.write_all(std::span(buffer).first(*n))) {
      return;
    }
  }
}

/// One visit, in one of the ways in which visits end.
void visit(const endpoint& where, unsigned kind) {
  timeout_scope limit{kind % 5 == 0 ? 2ms : duration(promptly)};
  auto client = connect(where);
  if (!client) {
    return;
  }
  std::array<std::byte, 64> buffer;
  switch (kind % 6) {
    case 0:
      return;  // comes and goes
    case 1:
      (void)client->set_linger(0s);
      (void)client->write_all("a reset follows");
      return;
    case 2:
      (void)client->write_all("hello");
      (void)client->read(buffer);
      return;
    case 3:
      (void)client->write_all("hello");
      (void)client->shutdown(socket_side::write);
      while (client->read(buffer)) {
      }
      return;
    case 4: {
      timeout_scope unread{1ms};  // sends, and reads nothing
      (void)client->write_all(std::string(4 << 20, 'x'));
      return;
    }
    default:
      (void)sleep_for(1ms);  // says nothing
  }
}

/// One for each worker where they can share a port, else one for all.
std::vector<tcp_listener> make_listeners() {
  if (raw::has_all_options) {
    return or_throw(listen_on_each_worker("127.0.0.1:0"));
  }
  std::vector<tcp_listener> one;
  one.push_back(or_throw(listen("127.0.0.1:0")));
  return one;
}

void churn(const serve_limits& limits) {
  auto listeners = make_listeners();
  const endpoint where = or_throw(listeners[0].local_endpoint());
  auto server =
      spawn([&] { return serve(std::span<const tcp_listener>(listeners), echo, limits); });
  {
    task_group visitors{on_error::keep_going};
    for (unsigned v = 0; v < 8; ++v) {
      visitors.spawn([&, v] {
        std::minstd_rand dice(v + 1);
        for (std::size_t i = 0; i < rounds(60); ++i) {
          visit(where, static_cast<unsigned>(dice()));
        }
      });
    }
    CHECK(visitors.wait());
  }
  server.cancel();
  CHECK(error_of(server.join()) == errc::operation_canceled);
}

}  // namespace

TEST_CASE("a server outlives peers of all kinds") {
  in_io([] { churn({.drain = 1ms}); });
}

TEST_CASE("a server at its limit outlives peers of all kinds") {
  in_io([] { churn({.connections = 3, .drain = 1ms}); });
}

TEST_CASE("a server that turns peers away outlives all kinds of them") {
  in_io([] {
    churn({.connections = 2,
           .refuse = [](tcp_stream& peer) { (void)peer.try_write(bytes_of("busy")); },
           .drain = 1ms});
  });
}

TEST_CASE("a server that is short of descriptors now and then outlives it") {
  for (const std::size_t connections : {std::size_t{0}, std::size_t{3}}) {
    in_io([&] {
      const shortage now_and_then;
      // The injector may hit a set-up call, but not twice in a row.
      for (const bool may_fail : {true, false}) {
        try {
          churn({.connections = connections, .drain = 1ms});
          return;
        } catch (const std::system_error& failed) {
          CHECK_MESSAGE(may_fail, failed.what());
        }
      }
    });
  }
}

TEST_CASE("connecting to several endpoints at once may be ended at any moment") {
  in_io([] {
    const auto listener = or_throw(listen("127.0.0.1:0"));
    sockaddr_in address = loopback();
    const raw_handle full = raw_listener(address, 0);
    const raw_handle filler = raw_connection(address);
    const std::vector<endpoint> candidates{endpoint::loopback_v4(ntohs(address.sin_port)),
                                           endpoint::loopback_v4(1),
                                           or_throw(listener.local_endpoint())};
    const int before = open_descriptors();
    std::minstd_rand dice(7);
    for (std::size_t i = 0; i < rounds(200); ++i) {
      timeout_scope limit{std::chrono::microseconds(dice() % 1500)};
      const auto made = connect(candidates, {.attempt_delay = std::chrono::microseconds(300)});
      CHECK((made || error_of(made) == errc::timed_out));
    }
    CHECK(open_descriptors() == before);
    while (listener.try_accept()) {
    }
  });
}

}  // namespace weft::testing
