// A TCP proxy: passes every connection on to a server, both ways, half-close included.
//
//   tcp_proxy <listen host:port> <server host:port>
//
// Ctrl-C stops it from taking new connections and gives those it has five seconds to finish.

#include <cstdio>
#include <string>
#include <utility>

#include <weft/io/run.hpp>
#include <weft/net/relay.hpp>
#include <weft/net/serve.hpp>
#include <weft/net/tcp.hpp>
#include <weft/runtime/explain.hpp>

using namespace std::chrono_literals;

weft::result<void> pass_on(const weft::tcp_stream& client, const std::string& server) {
  weft::result<weft::tcp_stream> upstream;
  {
    weft::timeout_scope limit{10s};
    upstream = weft::connect(server);
  }
  if (!upstream) {
    std::fprintf(stderr, "%s\n", weft::explain(upstream.error()).c_str());
    return weft::fail(upstream.error());
  }
  auto passed_on = weft::relay(client, *upstream);
  return passed_on ? weft::result<void>() : weft::fail(passed_on.error());
}

weft::result<void> run(const char* where, const std::string& server) {
  auto listener = weft::listen(where);
  if (!listener) {
    return weft::fail(listener.error());
  }
  std::printf("listening on %s\n", listener->local_endpoint()->to_string().c_str());
  std::fflush(stdout);
  return weft::serve(*listener, [&](weft::tcp_stream client) { return pass_on(client, server); },
                     {.connections = 10'000});
}

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: tcp_proxy <listen host:port> <server host:port>\n");
    return 2;
  }
  return weft::run_main([&] { return run(argv[1], argv[2]); });
}
