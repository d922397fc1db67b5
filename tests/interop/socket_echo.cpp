// Echoes over the kinds of sockets that the examples do not, for other programs to talk to.
//
//   socket_echo udp host:port | unix /path|@name | datagram /path|@name
//   socket_echo ask /path|@name text             connects, sends the text, prints the answer

#include <array>
#include <cstdio>
#include <span>
#include <string_view>

#include <weft/io/run.hpp>
#include <weft/net/udp.hpp>
#include <weft/net/unix.hpp>
#include <weft/sync/task_group.hpp>

namespace {

template <class Address>
void announce(const Address& where) {
  std::printf("listening on %s\n", where->to_string().c_str());
  std::fflush(stdout);
}

template <class Socket>
weft::result<void> echo_datagrams(weft::result<Socket> socket) {
  if (!socket) {
    return weft::fail(socket.error());
  }
  announce(socket->local_endpoint());
  std::array<std::byte, 65'536> buffer;
  for (;;) {
    auto got = socket->receive_from(buffer);
    if (!got) {
      return weft::fail(got.error());
    }
    (void)socket->send_to(std::span(buffer).first(got->size), got->from);
  }
}

weft::result<void> echo(weft::unix_stream peer) {
  std::array<std::byte, 16 * 1024> buffer;
  for (;;) {
    auto n = peer.read(buffer);
    if (!n) {
      return {};
    }
    if (auto written = peer.write_all(std::span(buffer).first(*n)); !written) {
      return written;
    }
  }
}

weft::result<void> serve(std::string_view where) {
  auto listener = weft::unix_listener::listen(where);
  if (!listener) {
    return weft::fail(listener.error());
  }
  announce(listener->local_endpoint());
  weft::task_group peers{weft::on_error::keep_going};
  for (;;) {
    auto peer = listener->accept();
    if (!peer) {
      return weft::fail(peer.error());
    }
    peers.spawn(echo, std::move(*peer));
  }
}

weft::result<void> ask(std::string_view where, std::string_view text) {
  auto peer = weft::unix_stream::connect(where);
  if (!peer) {
    return weft::fail(peer.error());
  }
  if (auto sent = peer->write_all(text); !sent) {
    return sent;
  }
  if (auto ended = peer->shutdown(weft::socket_side::write); !ended) {
    return ended;
  }
  std::array<std::byte, 4096> buffer;
  while (auto n = peer->read(buffer)) {
    std::fwrite(buffer.data(), 1, *n, stdout);
  }
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  return weft::run_main([&]() -> weft::result<void> {
    const std::string_view kind = argc > 2 ? argv[1] : "";
    if (kind == "udp") {
      return echo_datagrams(weft::udp_socket::bind(std::string_view(argv[2])));
    }
    if (kind == "datagram") {
      return echo_datagrams(weft::unix_datagram::bind(std::string_view(argv[2])));
    }
    if (kind == "unix") {
      return serve(argv[2]);
    }
    if (kind == "ask" && argc == 4) {
      return ask(argv[2], argv[3]);
    }
    return weft::fail(std::make_error_code(std::errc::invalid_argument));
  });
}
