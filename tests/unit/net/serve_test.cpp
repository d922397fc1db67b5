#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <weft/io/detail/syscalls.hpp>
#include <weft/net/serve.hpp>
#include <weft/sync/event.hpp>

#include "support/tcp_fixture.hpp"

/// The accept loop [B13].
namespace weft::testing {

namespace {

void echo(tcp_stream peer) {
  std::array<std::byte, 512> buffer;
  while (auto n = peer.read(buffer)) {
    if (!peer.write_all(std::span(buffer).first(*n))) {
      return;
    }
  }
}

bool echoes(const tcp_stream& client) {
  return client.write_all("ping") && read_text(client, 4) == "ping";
}

tcp_stream connect_to_port(const tcp_listener& listener) {
  return or_throw(connect(or_throw(listener.local_endpoint())));
}

/// Serves in a fiber of its own.
template <class Handler>
join_handle<void> serving(const tcp_listener& listener, Handler handler,
                          const serve_limits& limits = {}) {
  return spawn([&listener, handler, limits] { return serve(listener, handler, limits); });
}

void await(const std::atomic<int>& value, int wanted) {
  while (value < wanted) {
    (void)sleep_for(200us);
  }
}

}  // namespace

TEST_CASE("serve() calls the handler for each connection, many at once [B13]") {
  in_io([] {
    auto listener = or_throw(listen("127.0.0.1:0"));
    auto server = serving(listener, echo);
    std::vector<tcp_stream> clients;
    clients.reserve(20);
    for (int i = 0; i < 20; ++i) {
      clients.push_back(connect_to_port(listener));
    }
    for (const tcp_stream& client : clients) {
      CHECK(echoes(client));
    }
    clients.clear();
    listener.close();
    CHECK(server.join());  // a listener that is closed is an orderly end
  });
}

TEST_CASE("at the limit connections wait until one has ended [B13]") {
  in_io([] {
    auto listener = or_throw(listen("127.0.0.1:0"));
    std::atomic<int> at_once{0};
    std::atomic<int> most{0};
    auto server = serving(listener,
                          [&](tcp_stream peer) {
                            most = std::max(most.load(), ++at_once);
                            echo(std::move(peer));
                            --at_once;
                          },
                          {.connections = 2});
    std::vector<tcp_stream> clients;
    clients.reserve(5);
    for (int i = 0; i < 5; ++i) {
      clients.push_back(connect_to_port(listener));
    }
    CHECK(echoes(clients[0]));
    CHECK(echoes(clients[1]));
    CHECK(clients[2].write_all("wait"));
    {
      timeout_scope limit{settle_time};
      CHECK(read_error(clients[2]) == errc::timed_out);
    }
    clients[0].close();
    CHECK(read_text(clients[2], 4) == "wait");
    for (std::size_t i = 3; i < clients.size(); ++i) {
      clients[i - 1].close();
      CHECK(echoes(clients[i]));
    }
    CHECK(most == 2);
    clients.clear();
    server.cancel();
    CHECK(error_of(server.join()) == errc::operation_canceled);
  });
}

TEST_CASE("a listener that is closed at the limit ends serving, too [B13]") {
  in_io([] {
    auto listener = or_throw(listen("127.0.0.1:0"));
    std::atomic<int> canceled{0};
    auto server = serving(listener,
                          [&](tcp_stream peer) {
                            CHECK(peer.write_all("here"));
                            canceled += read_error(peer) == errc::operation_canceled ? 1 : 0;
                          },
                          {.connections = 1, .drain = 5ms});
    const auto served = connect_to_port(listener);
    CHECK(read_text(served, 4) == "here");
    const auto waiting = connect_to_port(listener);
    (void)sleep_for(settle_time);
    listener.close();
    CHECK(server.join());
    CHECK(canceled == 1);
  });
}

TEST_CASE("connections beyond the limit are turned away where that is asked for [B13]") {
  in_io([] {
    auto listener = or_throw(listen("127.0.0.1:0"));
    auto server = serving(listener, echo, {.connections = 1, .refuse = [](tcp_stream& peer) {
                                             (void)peer.try_write(bytes_of("busy"));
                                           }});
    {
      const auto first = connect_to_port(listener);
      CHECK(echoes(first));
      for (int i = 0; i < 3; ++i) {
        const auto other = connect_to_port(listener);
        CHECK(read_text(other, 4) == "busy");
        CHECK(read_error(other) == errc::end_of_stream);
      }
      CHECK(echoes(first));
    }
    for (bool served = false; !served;) {  // once the first has been seen to have ended
      const auto next = connect_to_port(listener);
      std::string answer(4, '.');
      served = next.write_all("ping") && next.read_exact(bytes_of(answer)) && answer == "ping";
    }
    listener.close();
    CHECK(server.join());
  });
}

TEST_CASE("after a cancellation connections may finish, and no new one is taken [B13]") {
  in_io([] {
    const auto listener = or_throw(listen("127.0.0.1:0"));
    auto server = serving(listener, echo, {.drain = 10min});
    auto client = connect_to_port(listener);
    CHECK(echoes(client));
    server.cancel();
    (void)sleep_for(settle_time);
    CHECK(echoes(client));
    CHECK(!server.finished());
    const auto late = connect_to_port(listener);
    CHECK(late.write_all("late"));
    {
      timeout_scope limit{settle_time};
      CHECK(read_error(late) == errc::timed_out);
    }
    client.close();
    CHECK(error_of(server.join()) == errc::operation_canceled);
  });
}

TEST_CASE("connections that do not finish in time are cancelled [B13]") {
  in_io([] {
    const auto listener = or_throw(listen("127.0.0.1:0"));
    std::atomic<int> canceled{0};
    auto server = serving(listener,
                          [&](tcp_stream peer) {
                            CHECK(peer.write_all("here"));
                            canceled += read_error(peer) == errc::operation_canceled ? 1 : 0;
                          },
                          {.drain = 5ms});
    const auto client = connect_to_port(listener);
    CHECK(read_text(client, 4) == "here");
    server.cancel();
    CHECK(error_of(server.join()) == errc::operation_canceled);
    CHECK(canceled == 1);
    CHECK(read_error(client) == errc::end_of_stream);
  });
}

TEST_CASE("a deadline ends serving, too [B13]") {
  in_io([] {
    const auto listener = or_throw(listen("127.0.0.1:0"));
    timeout_scope limit{5ms};
    CHECK(error_of(serve(listener, echo)) == errc::timed_out);
  });
}

TEST_CASE("a server without descriptors serves again once there are some [B13]") {
  for (const std::size_t connections : {std::size_t{0}, std::size_t{10}}) {
    for (const int error : {EMFILE, ENFILE, ENOMEM}) {
      static std::atomic<int> fault;
      static std::atomic<int> attempts;
      attempts = 0;
      in_io([&] {
        auto listener = or_throw(listen("127.0.0.1:0"));
        fault = error;
        detail::sys::inject([](detail::sys::call which, int, std::size_t) noexcept {
          const bool hit = which == detail::sys::call::accept;
          attempts += hit ? 1 : 0;
          return detail::sys::fault{.error = hit ? fault.load() : 0};
        });
        auto server = serving(listener, echo, {.connections = connections});
        {
          const auto client = connect_to_port(listener);
          await(attempts, 3);
          CHECK(!server.finished());
          fault = 0;
          CHECK(echoes(client));
        }
        detail::sys::inject(nullptr);
        listener.close();
        CHECK(server.join());
      });
    }
  }
}

TEST_CASE("a listener that is broken ends serving with its error [B13]") {
  in_io([] {
    const auto listener = or_throw(listen("127.0.0.1:0"));
    CHECK(listener.descriptor().borrow());
    const auto failed = [&] {
      detail::sys::inject([](detail::sys::call which, int, std::size_t) noexcept {
        return detail::sys::fault{.error = which == detail::sys::call::accept ? EINVAL : 0};
      });
      auto ended = serve(listener, echo);
      detail::sys::inject(nullptr);
      return ended;
    }();
    CHECK(error_of(failed) == std::errc::invalid_argument);
  });
}

TEST_CASE("an exception of one handler leaves the others alone and comes out at the end [B13]") {
  in_io([] {
    auto listener = or_throw(listen("127.0.0.1:0"));
    auto server = serving(listener, [](tcp_stream peer) {
      if (read_text(peer, 4) == "evil") {
        throw std::runtime_error("a handler failed");
      }
      echo(std::move(peer));
    });
    {
      const auto evil = connect_to_port(listener);
      CHECK(evil.write_all("evil"));
      CHECK(read_error(evil) == errc::end_of_stream);
      const auto good = connect_to_port(listener);
      CHECK(good.write_all("good"));
      CHECK(echoes(good));
    }
    listener.close();
    CHECK_THROWS_AS((void)server.join(), std::runtime_error);
  });
}

}  // namespace weft::testing
