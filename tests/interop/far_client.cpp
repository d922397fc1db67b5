// Talks to a server in another network namespace; see namespaces.sh.
//
//   far_client connect <milliseconds> <endpoint>...   to whichever answers, within that time
//   far_client echo <bytes> <endpoint>                sends so many and checks what comes back

#include <array>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include <weft/io/run.hpp>
#include <weft/net/halves.hpp>
#include <weft/net/tcp.hpp>
#include <weft/runtime/cancel.hpp>
#include <weft/runtime/stopwatch.hpp>
#include <weft/sync/task_group.hpp>

namespace {

std::size_t number(std::string_view text) {
  std::size_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

weft::result<void> connect_within(std::chrono::milliseconds limit, char** names, int count) {
  std::vector<weft::endpoint> candidates;
  for (int i = 0; i < count; ++i) {
    candidates.push_back(weft::or_throw(weft::endpoint::parse(names[i])));
  }
  const weft::timeout_scope scope(limit);
  const weft::stopwatch watch;
  const auto peer = weft::connect(candidates);
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

}  // namespace

int main(int argc, char** argv) {
  return weft::run_main([&]() -> weft::result<void> {
    if (argc > 3 && std::strcmp(argv[1], "connect") == 0) {
      return connect_within(std::chrono::milliseconds(number(argv[2])), argv + 3, argc - 3);
    }
    if (argc == 4 && std::strcmp(argv[1], "echo") == 0) {
      return echo(number(argv[2]), argv[3]);
    }
    return weft::fail(std::make_error_code(std::errc::invalid_argument));
  });
}
