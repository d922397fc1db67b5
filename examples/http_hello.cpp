// An HTTP/1.1 server that says hello to whoever asks for whatever; keep-alive and pipelining
// included.
//
//   http_hello [host:port]        default 127.0.0.1:8080; port 0 picks a free one
//
// Try it with `curl -i http://127.0.0.1:8080/` or `wrk -c 64 http://127.0.0.1:8080/`.

#include <array>
#include <cstdio>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include <weft/io/run.hpp>
#include <weft/net/tcp.hpp>
#include <weft/sync/task_group.hpp>

using namespace std::chrono_literals;

constexpr std::string_view hello =
    "HTTP/1.1 200 OK\r\n"
    "Content-Type: text/plain\r\n"
    "Content-Length: 7\r\n"
    "\r\n"
    "hello!\n";

constexpr std::string_view too_large =
    "HTTP/1.1 431 Request Header Fields Too Large\r\n"
    "Content-Length: 0\r\n"
    "Connection: close\r\n"
    "\r\n";

// Serves the complete requests at the front of `data`: appends their answers and returns how many
// bytes they took. A body is not expected. `last` is set by a request that ends the connection.
std::size_t serve_requests(std::string_view data, std::string& answers, bool& last) {
  std::size_t taken = 0;
  while (!last) {
    const std::size_t end = data.find("\r\n\r\n", taken);
    if (end == std::string_view::npos) {
      break;
    }
    const std::string_view request = data.substr(taken, end + 2 - taken);
    last = request.find("\r\nConnection: close\r\n") != std::string_view::npos ||
           request.find(" HTTP/1.0\r\n") != std::string_view::npos;
    answers += hello;
    taken = end + 4;
  }
  return taken;
}

// Closing while the peer's bytes are unread would reset the connection, and the peer might never
// see the last answer. So: say that this side is done, and wait a moment for the peer to be.
weft::result<void> finish(weft::tcp_stream& peer, std::span<std::byte> buffer) {
  if (auto done = peer.shutdown(weft::socket_side::write); !done) {
    return done;
  }
  weft::timeout_scope limit{1s};
  while (peer.read(buffer)) {
  }
  return {};
}

weft::result<void> converse(weft::tcp_stream peer) {
  std::array<char, 8192> buffer;
  std::size_t held = 0;  // bytes of a request that is not complete yet
  std::string answers;
  for (bool last = false; !last;) {
    weft::timeout_scope idle{60s};
    auto n = peer.read(std::as_writable_bytes(std::span(buffer).subspan(held)));
    if (!n) {
      return weft::fail(n.error());
    }
    held += *n;
    const std::size_t taken = serve_requests({buffer.data(), held}, answers, last);
    held -= taken;
    std::memmove(buffer.data(), buffer.data() + taken, held);
    if (held == buffer.size()) {
      answers += too_large;
      last = true;
    }
    if (auto written = peer.write_all(answers); !written) {
      return written;
    }
    answers.clear();
  }
  return finish(peer, std::as_writable_bytes(std::span(buffer)));
}

weft::result<void> serve(const char* where) {
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
    peers.spawn(converse, std::move(*peer));
  }
}

int main(int argc, char** argv) {
  return weft::run_main([&] { return serve(argc > 1 ? argv[1] : "127.0.0.1:8080"); });
}
