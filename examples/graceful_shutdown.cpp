// A server that ends in order: Ctrl-C stops it from taking new connections and new requests, gives
// the requests that are in flight two seconds, and says farewell to everyone. A second Ctrl-C
// makes short work of that, a third ends the process.
//
//   graceful_shutdown [host:port]        default 127.0.0.1:7777; port 0 picks a free one
//
// Try it with `nc 127.0.0.1 7777` in another terminal.

#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <span>
#include <utility>

#include <weft/io/run.hpp>
#include <weft/io/signal_listener.hpp>
#include <weft/net/tcp.hpp>
#include <weft/sync/graceful_shutdown.hpp>
#include <weft/sync/task_group.hpp>

using namespace std::chrono_literals;

void say_farewell(weft::tcp_stream& peer) {
  // Every wait in here may have been cancelled, so the farewell needs a shield, and the shield a
  // limit.
  weft::shield farewell;
  weft::timeout_scope limit{500ms};
  (void)peer.write_all("the server is closing, goodbye\n");
}

void converse(weft::tcp_stream peer, weft::graceful_shutdown& shutdown) {
  std::array<std::byte, 4096> buffer;
  for (;;) {
    auto n = peer.read(buffer);
    if (!n && n.error() == weft::errc::end_of_stream) {
      return;
    }
    auto request = shutdown.begin_work();  // in flight as long as this lives
    if (!n || !request) {
      return say_farewell(peer);
    }
    if (!peer.write_all(std::span(buffer).first(*n))) {
      return;
    }
  }
}

// From here on Ctrl-C asks for the shutdown; afterwards it is run_main()'s again, which cancels
// all.
weft::result<void> wait_for_the_end(weft::graceful_shutdown& shutdown) {
  auto signals = weft::signal_listener::open({SIGINT, SIGTERM});
  if (!signals) {
    return weft::fail(signals.error());
  }
  return shutdown.wait_requested_or(signals->waiting(), "a signal asked for it");
}

weft::result<void> serve(const char* where) {
  auto listener = weft::listen(where);
  if (!listener) {
    return weft::fail(listener.error());
  }
  weft::graceful_shutdown shutdown;
  weft::task_group peers{weft::on_error::keep_going};
  auto accepting = weft::spawn([&] {
    while (auto peer = listener->accept()) {
      peers.spawn([&, peer = std::move(*peer)]() mutable { converse(std::move(peer), shutdown); });
    }
    shutdown.trigger("there is nothing to accept from");
  });
  std::printf("listening on %s\n", listener->local_endpoint()->to_string().c_str());
  std::fflush(stdout);
  auto ended = wait_for_the_end(shutdown);
  shutdown.trigger("the server was cancelled");
  listener->close();

  std::printf("closing, for %s; %zu requests have 2 s to finish\n", shutdown.reason(),
              shutdown.in_flight());
  if (!shutdown.wait_drained_for(2s)) {
    std::printf("%zu did not\n", shutdown.in_flight());
  }
  return ended;  // the groups' and handles' ends cancel and join who is left
}

int main(int argc, char** argv) {
  return weft::run_main([&] { return serve(argc > 1 ? argv[1] : "127.0.0.1:7777"); });
}
