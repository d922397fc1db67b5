// A server that ends in order: Ctrl-C stops it from taking new connections, gives those it has two
// seconds to finish, and says farewell to each.
//
//   graceful_shutdown [host:port]        default 127.0.0.1:7777; port 0 picks a free one
//
// Try it with `nc 127.0.0.1 7777` in another terminal.

#include <array>
#include <chrono>
#include <cstdio>
#include <span>

#include <weft/io/run.hpp>
#include <weft/net/tcp.hpp>
#include <weft/sync/task_group.hpp>

using namespace std::chrono_literals;

weft::result<void> converse(weft::tcp_stream peer) {
  std::array<std::byte, 4096> buffer;
  for (;;) {
    auto n = peer.read(buffer);
    if (n) {
      if (auto written = peer.write_all(std::span(buffer).first(*n)); !written) {
        return written;
      }
      continue;
    }
    if (n.error() == std::errc::operation_canceled) {
      // Every wait in here has been cancelled, so the farewell needs a shield, and the shield a
      // limit.
      weft::shield farewell;
      weft::timeout_scope limit{500ms};
      (void)peer.write_all("the server is closing, goodbye\n");
    }
    return weft::fail(n.error());
  }
}

weft::result<void> serve(const char* where, weft::task_group& peers) {
  auto listener = weft::listen(where);
  if (!listener) {
    return weft::fail(listener.error());
  }
  std::printf("listening on %s\n", listener->local_endpoint()->to_string().c_str());
  std::fflush(stdout);
  for (;;) {
    auto peer = listener->accept();
    if (!peer) {
      return weft::fail(peer.error());
    }
    peers.spawn(converse, std::move(*peer));
  }
}

weft::result<void> run(const char* where) {
  weft::task_group accepting;  // Ctrl-C reaches what is made here ...
  weft::shield in_order;       // ... but not what is made from here on
  weft::task_group peers{weft::on_error::keep_going};
  accepting.spawn([&] { return serve(where, peers); });
  auto ended = accepting.wait();

  weft::timeout_scope limit{2s};
  std::printf("closing; %zu connections have 2 s to finish\n", peers.size());
  if (auto finished = peers.wait(); !finished && finished.error() == weft::errc::timed_out) {
    std::printf("%zu did not; bidding them farewell\n", peers.size());
  }
  return ended;  // the group's destructor cancels and joins who is left
}

int main(int argc, char** argv) {
  return weft::run_main([&] { return run(argc > 1 ? argv[1] : "127.0.0.1:7777"); });
}
