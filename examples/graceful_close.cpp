// How to end a connection without losing what is under way: end one's own direction, read what the
// other still sends until it has ended, too, and only then close. Closing at once instead may reset
// the connection and throw away what the other has not read yet.
//
//   graceful_close

#include <array>
#include <cstdio>
#include <span>
#include <string>
#include <utility>

#include <weft/io/run.hpp>
#include <weft/net/tcp.hpp>
#include <weft/runtime/sleep.hpp>

using namespace std::chrono_literals;

// Returns how much still came. A peer that never ends is left after the time limit.
weft::result<std::size_t> close_gracefully(weft::tcp_stream stream) {
  weft::shield to_the_end;  // also when this fiber is being cancelled
  weft::timeout_scope limit{5s};
  if (auto ended = stream.shutdown(weft::socket_side::write); !ended) {
    return weft::fail(ended.error());
  }
  std::array<std::byte, 4096> rest;
  for (std::size_t drained = 0;;) {
    auto n = stream.read(rest);
    if (!n) {
      const bool is_end = n.error() == weft::errc::end_of_stream;
      return is_end ? weft::result<std::size_t>(drained) : weft::fail(n.error());
    }
    drained += *n;
  }
}

// Answers slowly, and only once the client has said everything.
weft::result<void> answer(const weft::tcp_listener& listener) {
  auto peer = listener.accept();
  if (!peer) {
    return weft::fail(peer.error());
  }
  std::array<std::byte, 4096> buffer;
  std::size_t received = 0;
  while (auto n = peer->read(buffer)) {
    received += *n;
  }
  if (auto slept = weft::sleep_for(50ms); !slept) {
    return slept;
  }
  std::printf("the server received %zu bytes\n", received);
  return peer->write_all("the last word");
}

weft::result<void> run() {
  auto listener = weft::listen("127.0.0.1:0");
  if (!listener) {
    return weft::fail(listener.error());
  }
  auto server = weft::spawn([&] { return answer(*listener); });
  auto client = weft::connect(*listener->local_endpoint());
  if (!client) {
    return weft::fail(client.error());
  }
  if (auto sent = client->write_all(std::string(100'000, 'x')); !sent) {
    return sent;
  }
  auto drained = close_gracefully(std::move(*client));
  if (!drained) {
    return weft::fail(drained.error());
  }
  std::printf("%zu more bytes came before the end\n", *drained);
  return server.join();
}

int main() {
  return weft::run_main(run);
}
