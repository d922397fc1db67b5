// A TCP echo server: one fiber a connection.
//
//   echo_server [host:port]        default 127.0.0.1:7777; port 0 picks a free one
//
// Ctrl-C ends it in order.

#include <cstdio>

#include <weft/io/run.hpp>
#include <weft/net/tcp.hpp>
#include <weft/sync/task_group.hpp>

using namespace std::chrono_literals;

weft::result<void> echo(weft::tcp_stream peer) {
  for (;;) {
    weft::timeout_scope idle{30s};   // one timer covers the read and the write
    auto data = peer.read_leased();  // suspends this fiber, never the thread
    if (!data && data.error() == weft::errc::end_of_stream) {
      return {};
    }
    if (!data) {
      return weft::fail(data.error());
    }
    if (auto written = peer.write_all(data->bytes()); !written) {
      return written;
    }
  }
}

weft::result<void> serve(const char* where) {
  auto listener = weft::listen(where);
  if (!listener) {
    return weft::fail(listener.error());
  }
  std::printf("listening on %s (backend %s, workers %u)\n",
              listener->local_endpoint()->to_string().c_str(),
              std::string(weft::io::name_of(weft::io::current_backend())).c_str(),
              weft::runtime::current()->workers());
  std::fflush(stdout);

  weft::task_group peers{weft::on_error::keep_going};  // its destructor cancels and joins
  for (;;) {
    auto peer = listener->accept();
    if (!peer) {
      return weft::fail(peer.error());
    }
    peers.spawn(echo, std::move(*peer));
  }
}

int main(int argc, char** argv) {
  return weft::run_main([&] { return serve(argc > 1 ? argv[1] : "127.0.0.1:7777"); });
}
