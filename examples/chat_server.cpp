// A chat room over TCP: what one peer types all others read.
//
//   chat_server [host:port]        default 127.0.0.1:7778; talk to it with nc
//
// A broadcast never makes its senders wait, so a peer that does not read delays nobody: it misses
// lines, and is told how many.

#include <array>
#include <cstdio>
#include <string>
#include <utility>

#include <weft/io/run.hpp>
#include <weft/net/tcp.hpp>
#include <weft/sync/broadcast.hpp>
#include <weft/sync/task_group.hpp>

using room = weft::broadcast<std::string>;

// Sends each line that the peer types to the room.
weft::result<void> listen_to(const weft::tcp_stream& peer, const std::string& name, room& all) {
  std::array<char, 1024> buffer;
  std::string typed;
  for (;;) {
    auto n = peer.read(std::as_writable_bytes(std::span(buffer)));
    if (!n) {
      return weft::fail(n.error());
    }
    typed.append(buffer.data(), *n);
    for (auto end = typed.find('\n'); end != typed.npos; end = typed.find('\n')) {
      std::string line = name;
      line.append(": ").append(typed, 0, end + 1);
      if (auto sent = all.send(std::move(line)); !sent) {
        return weft::fail(sent.error());
      }
      typed.erase(0, end + 1);
    }
  }
}

// Writes what is said in the room to the peer.
weft::result<void> tell(const weft::tcp_stream& peer, room::subscription lines) {
  for (;;) {
    auto line = lines.receive();
    if (!line && line.error() == weft::errc::lagged) {
      line = std::to_string(lines.missed()) + " lines missed\n";
    }
    if (!line) {
      return weft::fail(line.error());
    }
    if (auto written = peer.write_all(*line); !written) {
      return written;
    }
  }
}

weft::result<void> meet(weft::tcp_stream peer, room& all) {
  const std::string name = peer.peer_endpoint()->to_string();
  weft::task_group halves;  // either half fails when the peer goes, and ends the other
  halves.spawn([&, lines = all.subscribe()]() mutable { return tell(peer, std::move(lines)); });
  halves.spawn([&] { return listen_to(peer, name, all); });
  return halves.wait();
}

weft::result<void> serve(const char* where) {
  auto listener = weft::listen(where);
  if (!listener) {
    return weft::fail(listener.error());
  }
  std::printf("listening on %s\n", listener->local_endpoint()->to_string().c_str());
  std::fflush(stdout);
  room all(256);
  weft::task_group peers{weft::on_error::keep_going};
  for (;;) {
    auto peer = listener->accept();
    if (!peer) {
      return weft::fail(peer.error());
    }
    peers.spawn([&all, p = std::move(*peer)]() mutable { return meet(std::move(p), all); });
  }
}

int main(int argc, char** argv) {
  return weft::run_main([&] { return serve(argc > 1 ? argv[1] : "127.0.0.1:7778"); });
}
