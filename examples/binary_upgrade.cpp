// A server that is replaced by a newer one without a refused or broken connection.
//
//   binary_upgrade [host:port] [control path]     default 127.0.0.1:7780, @weft-binary-upgrade
//
// Start it; start it again, with the same control path: the second one asks the first for its
// listening socket, which comes over the Unix socket, and serves what comes from then on. The first
// one finishes the connections that it has, and ends. Each answers a line with its process's
// number.

#include <array>
#include <cstdio>
#include <span>
#include <string>

#include <unistd.h>

#include <weft/io/run.hpp>
#include <weft/net/serve.hpp>
#include <weft/net/tcp.hpp>
#include <weft/net/unix.hpp>
#include <weft/sync/join.hpp>

using namespace std::chrono_literals;

const auto one_byte = std::as_bytes(std::span("!", 1));

/// The listening socket of the server that runs, if one does.
weft::result<weft::tcp_listener> take_over(const char* control) {
  auto predecessor = weft::unix_stream::connect(control);
  if (!predecessor) {
    return weft::fail(predecessor.error());
  }
  std::array<std::byte, 1> byte;
  std::array<weft::owned_handle, 1> handle;
  auto received = predecessor->receive_handles(byte, handle);
  if (!received || received->handles != 1) {
    return weft::fail(received ? make_error_code(weft::errc::closed) : received.error());
  }
  auto listening = weft::io::descriptor::adopt(handle[0].release());
  if (!listening) {
    return weft::fail(listening.error());
  }
  // Says that it has it, and waits until the control path is free.
  (void)predecessor->write_all(one_byte);
  (void)predecessor->read(byte);
  return weft::tcp_listener::from(std::move(*listening));
}

/// Waits for a successor and passes the socket on.
weft::result<void> hand_over(weft::unix_listener control, const weft::tcp_listener& listener) {
  for (;;) {
    auto successor = control.accept();
    if (!successor) {
      return weft::fail(successor.error());
    }
    const weft::timeout_scope limit{5s};
    const int handle = listener.descriptor().native_handle();
    std::array<std::byte, 1> byte;
    if (successor->send_handles(one_byte, std::array{handle}) && successor->read(byte)) {
      control.close();
      return {};
    }
  }
}

weft::result<void> answer(const weft::tcp_stream& peer) {
  const std::string reply = std::to_string(::getpid()) + "\n";
  for (;;) {
    auto request = peer.read_leased();
    if (!request) {
      return weft::fail(request.error());
    }
    if (auto written = peer.write_all(reply); !written) {
      return written;
    }
  }
}

weft::result<void> run(const char* where, const char* control_path) {
  auto listener = take_over(control_path);
  const bool inherited = listener.has_value();
  if (!inherited) {
    listener = weft::listen(where);
  }
  if (!listener) {
    return weft::fail(listener.error());
  }
  auto control = weft::unix_listener::listen(control_path);
  if (!control) {
    return weft::fail(control.error());
  }
  std::printf("%d: %s %s\n", ::getpid(), inherited ? "took over" : "listening on",
              listener->local_endpoint()->to_string().c_str());
  std::fflush(stdout);
  // Whichever ends first: being handed over ends the serving, which drains.
  return weft::race([&] { return hand_over(std::move(*control), *listener); },
                    [&] { return weft::serve(*listener, answer, {.drain = 30s}); });
}

int main(int argc, char** argv) {
  return weft::run_main([&] {
    return run(argc > 1 ? argv[1] : "127.0.0.1:7780", argc > 2 ? argv[2] : "@weft-binary-upgrade");
  });
}
