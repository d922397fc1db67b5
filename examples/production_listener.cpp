// A listener with every option set, as a server under load may want it: a shared port with one
// listener for each worker, limits, refusals, time limits, and an orderly end.
//
//   production_listener [host:port]        default 127.0.0.1:7779; port 0 picks a free one
//
// It echoes. `ss -tlno` and `ss -tnoie` show what the system made of the options.

#include <array>
#include <cstdio>
#include <span>
#include <utility>

#include <weft/io/run.hpp>
#include <weft/net/serve.hpp>
#include <weft/net/tcp.hpp>

using namespace std::chrono_literals;

const weft::listen_options options{
    .backlog = 1024,
    .reuse_address = true,
    .reuse_port = true,
    .v6_only = false,
    .no_delay = true,
    .keep_alive = weft::keep_alive_times{.idle = 60s, .interval = 10s, .count = 5},
    .send_buffer = 256 * 1024,
    .receive_buffer = 256 * 1024,
    .linger = std::nullopt,
    .tos = 0x10,  // low delay
    .ttl = 64,
    .user_timeout = 30s,
    .fast_open_queue = 128,
    .defer_accept = 5s,
};

void print(const weft::tcp_listener& listener) {
  const auto probing = *listener.keep_alive();
  std::printf("keep-alive %lld/%lld/%d, buffers %zu/%zu, ttl %d, user time-out %lld ms\n",
              static_cast<long long>(probing->idle.count()),
              static_cast<long long>(probing->interval.count()), probing->count,
              *listener.send_buffer(), *listener.receive_buffer(), *listener.ttl(),
              static_cast<long long>(listener.user_timeout()->count()));
}

weft::result<void> echo(const weft::tcp_stream& peer) {
  std::array<std::byte, 4096> buffer;
  for (;;) {
    weft::timeout_scope idle{60s};
    auto n = peer.read(buffer);
    if (!n) {
      return weft::fail(n.error());
    }
    if (auto written = peer.write_all(std::span(buffer).first(*n)); !written) {
      return written;
    }
  }
}

weft::result<void> run(const char* where) {
  auto listeners = weft::listen_on_each_worker(where, options);
  if (!listeners) {
    return weft::fail(listeners.error());
  }
  std::printf("listening on %s, %zu times\n",
              listeners->front().local_endpoint()->to_string().c_str(), listeners->size());
  print(listeners->front());
  std::fflush(stdout);
  return weft::serve(std::span<const weft::tcp_listener>(*listeners), echo,
                     {.connections = 10'000,
                      .refuse =
                          [](weft::tcp_stream& peer) {
                            (void)peer.try_write(std::as_bytes(std::span("too busy\n", 9)));
                          },
                      .drain = 3s});
}

int main(int argc, char** argv) {
  return weft::run_main([&] { return run(argc > 1 ? argv[1] : "127.0.0.1:7779"); });
}
