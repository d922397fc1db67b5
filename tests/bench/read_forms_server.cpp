// A TCP echo server that reads in one of the ways that weft has:
//
//   read_forms_server read|leased|readable [host:port]
//
// `read` has a buffer on each fiber's stack, `leased` calls read_leased(), `readable` waits until
// there is something and then calls try_read_leased().
// compare_echo runs it like any other server.

#include <array>
#include <cstdio>
#include <span>
#include <string_view>

#include <weft/io/run.hpp>
#include <weft/net/tcp.hpp>
#include <weft/sync/task_group.hpp>

namespace {

constexpr std::size_t buffer_size = std::size_t{16} * 1024;

weft::result<void> echo_read(const weft::tcp_stream& peer) {
  std::array<std::byte, buffer_size> buffer;
  for (;;) {
    auto n = peer.read(buffer);
    if (!n) {
      return weft::fail(n.error());
    }
    if (auto written = peer.write_all(std::span(buffer).first(*n)); !written) {
      return written;
    }
  }
}

weft::result<void> echo_leased(const weft::tcp_stream& peer) {
  for (;;) {
    auto data = peer.read_leased();
    if (!data) {
      return weft::fail(data.error());
    }
    if (auto written = peer.write_all(data->bytes()); !written) {
      return written;
    }
  }
}

weft::result<void> echo_readable(const weft::tcp_stream& peer) {
  for (;;) {
    if (auto waited = peer.readable(); !waited) {
      return waited;
    }
    auto data = peer.try_read_leased();
    if (!data && data.error() != std::errc::operation_would_block) {
      return weft::fail(data.error());
    }
    if (data) {
      if (auto written = peer.write_all(data->bytes()); !written) {
        return written;
      }
    }
  }
}

using echo_function = weft::result<void> (*)(const weft::tcp_stream&);

weft::result<void> serve(echo_function echo, const char* where) {
  auto listener = weft::listen(where);
  if (!listener) {
    return weft::fail(listener.error());
  }
  std::printf("listening on %s\n", listener->local_endpoint()->to_string().c_str());
  std::fflush(stdout);
  weft::task_group peers{weft::on_error::keep_going};
  for (;;) {
    auto peer = listener->accept();
    if (!peer) {
      return weft::fail(peer.error());
    }
    peers.spawn([echo](weft::tcp_stream stream) { return echo(stream); }, std::move(*peer));
  }
}

echo_function form_named(std::string_view name) {
  return name == "read"       ? echo_read
         : name == "leased"   ? echo_leased
         : name == "readable" ? echo_readable
                              : nullptr;
}

}  // namespace

int main(int argc, char** argv) {
  const echo_function echo = argc > 1 ? form_named(argv[1]) : nullptr;
  if (!echo) {
    std::fprintf(stderr, "usage: read_forms_server read|leased|readable [host:port]\n");
    return 2;
  }
  return weft::run_main([&] { return serve(echo, argc > 2 ? argv[2] : "127.0.0.1:7777"); });
}
