// Talks to a server in another network namespace; see namespaces.sh.
//
//   far_client connect <milliseconds> <endpoint>...   to whichever answers, within that time
//   far_client through <device> <milliseconds> <endpoint>   the same through that device only
//   far_client echo <bytes> <endpoint>                sends so many and checks what comes back
//   far_client hear <port> <device> <device>          a datagram for the port through each of them
//   far_client outlive <endpoint>                     a peer that vanishes once "ready" is printed

#include <array>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <weft/io/run.hpp>
#include <weft/net/halves.hpp>
#include <weft/net/tcp.hpp>
#include <weft/net/udp.hpp>
#include <weft/runtime/cancel.hpp>
#include <weft/runtime/sleep.hpp>
#include <weft/runtime/spawn.hpp>
#include <weft/runtime/stopwatch.hpp>
#include <weft/sync/task_group.hpp>

using namespace std::chrono_literals;

namespace {

std::size_t number(std::string_view text) {
  std::size_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

weft::result<void> connect_within(std::chrono::milliseconds limit, char** names, int count,
                                  const weft::connect_options& options = {}) {
  std::vector<weft::endpoint> candidates;
  for (int i = 0; i < count; ++i) {
    candidates.push_back(weft::or_throw(weft::endpoint::parse(names[i])));
  }
  const weft::timeout_scope scope(limit);
  const weft::stopwatch watch;
  const auto peer = weft::connect(candidates, options);
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(watch.elapsed());
  if (peer) {
    std::printf("connected to %s\n", weft::or_throw(peer->peer_endpoint()).to_string().c_str());
  } else if (peer.error() == weft::errc::timed_out) {
    std::printf("timed out %s\n", took >= limit ? "in time" : "too early");
  } else {
    std::printf("failed: %s\n", peer.error().message().c_str());
  }
  return {};
}

std::byte byte_at(std::size_t place) {
  return static_cast<std::byte>(place * 31 + place / 251);
}

weft::result<void> send(weft::write_half<weft::tcp_stream> to, std::size_t size) {
  std::array<std::byte, 10'000> block;
  for (std::size_t sent = 0; sent < size;) {
    const std::size_t part = std::min(block.size(), size - sent);
    for (std::size_t i = 0; i < part; ++i) {
      block[i] = byte_at(sent + i);
    }
    if (auto written = to.write_all(std::span(block).first(part)); !written) {
      return written;
    }
    sent += part;
  }
  return to.shutdown();
}

weft::result<void> echo(std::size_t size, const char* where) {
  const weft::timeout_scope limit(std::chrono::seconds(60));
  const auto peer = weft::connect(where);
  if (!peer) {
    return weft::fail(peer.error());
  }
  auto [reader, writer] = weft::split(*peer);
  weft::task_group sending;
  sending.spawn(send, writer, size);
  std::size_t received = 0;
  for (;;) {
    const auto part = reader.read_leased();
    if (!part && part.error() == weft::errc::end_of_stream) {
      break;
    }
    if (!part) {
      return weft::fail(part.error());
    }
    for (const std::byte b : part->bytes()) {
      if (b != byte_at(received++)) {
        std::printf("byte %zu is wrong\n", received - 1);
        return {};
      }
    }
  }
  std::printf("%zu bytes came back\n", received);
  return sending.wait();
}

// Each socket has the port in its own device.
weft::result<void> hear(std::uint16_t port, std::span<char*> devices) {
  const weft::timeout_scope limit(20s);
  std::vector<weft::udp_socket> sockets;
  for (const char* device : devices) {
    sockets.push_back(weft::or_throw(
        weft::udp_socket::bind(weft::endpoint::any_v4(port), {.interface = device})));
  }
  std::puts("ready");
  std::fflush(stdout);
  for (std::size_t i = 0; i < devices.size(); ++i) {
    std::array<char, 100> text;
    const auto size = sockets[i].receive(std::as_writable_bytes(std::span(text)));
    if (!size) {
      return weft::fail(size.error());
    }
    std::printf("%s heard %.*s\n", devices[i], static_cast<int>(*size), text.data());
  }
  return {};
}

std::string end_of(std::error_code error) {
  if (error == weft::errc::timed_out) {
    return "not ended";  // but our own patience is
  }
  return error == std::errc::timed_out ? "timed out" : error.message();
}

std::string end_of_sending(const weft::tcp_stream& peer) {
  const weft::timeout_scope limit(20s);
  for (;;) {
    if (const auto written = peer.write_all("still there?"); !written) {
      return end_of(written.error());
    }
    weft::or_throw(weft::sleep_for(50ms));
  }
}

std::string end_of_waiting(const weft::tcp_stream& peer) {
  const weft::timeout_scope limit(20s);
  std::byte answer;
  const auto received = peer.read(std::span(&answer, 1));
  return received ? "heard something" : end_of(received.error());
}

weft::result<void> outlive(const char* where) {
  const auto busy = weft::or_throw(weft::connect(where, {.user_timeout = 500ms}));
  const auto idle = weft::or_throw(weft::connect(
      where, {.keep_alive = weft::keep_alive_times{.idle = 1s, .interval = 1s, .count = 1}}));
  std::puts("ready");
  std::fflush(stdout);
  auto sending = weft::spawn([&] { return end_of_sending(busy); });
  std::printf("keep-alive: %s\n", end_of_waiting(idle).c_str());
  std::printf("user_timeout: %s\n", weft::or_throw(sending.join()).c_str());
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  return weft::run_main([&]() -> weft::result<void> {
    if (argc > 3 && std::strcmp(argv[1], "connect") == 0) {
      return connect_within(std::chrono::milliseconds(number(argv[2])), argv + 3, argc - 3);
    }
    if (argc == 5 && std::strcmp(argv[1], "through") == 0) {
      return connect_within(std::chrono::milliseconds(number(argv[3])), argv + 4, 1,
                            {.interface_name = argv[2]});
    }
    if (argc == 5 && std::strcmp(argv[1], "hear") == 0) {
      return hear(static_cast<std::uint16_t>(number(argv[2])), std::span(argv + 3, 2));
    }
    if (argc == 3 && std::strcmp(argv[1], "outlive") == 0) {
      return outlive(argv[2]);
    }
    if (argc == 4 && std::strcmp(argv[1], "echo") == 0) {
      return echo(number(argv[2]), argv[3]);
    }
    return weft::fail(std::make_error_code(std::errc::invalid_argument));
  });
}
