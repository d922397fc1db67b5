// Finds the open TCP ports of a host: many attempts to connect at once, each with a time limit.
//
//   port_scanner <host> [first port] [last port]        default 1 to 1024

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <set>
#include <utility>

#include <weft/io/run.hpp>
#include <weft/net/resolve.hpp>
#include <weft/net/tcp.hpp>
#include <weft/sync/mutex.hpp>
#include <weft/sync/semaphore.hpp>
#include <weft/sync/task_group.hpp>

using namespace std::chrono_literals;

bool is_open(const weft::endpoint& where) {
  weft::timeout_scope limit{1s};
  return weft::connect(where, {.linger = 0s}).has_value();  // no need for an orderly end
}

weft::result<void> scan(const char* host, std::uint16_t first, std::uint16_t last) {
  auto target = weft::resolve_first(host, first);
  if (!target) {
    return weft::fail(target.error());
  }
  weft::semaphore attempts(500);  // at once: each takes a descriptor
  weft::mutex results;
  std::set<unsigned> open;
  weft::task_group scanners;
  for (unsigned port = first; port <= last; ++port) {
    auto slot = attempts.acquire();
    if (!slot) {
      return weft::fail(slot.error());
    }
    scanners.spawn([&, port, turn = std::move(*slot)] {
      if (is_open(target->with_port(static_cast<std::uint16_t>(port)))) {
        const std::lock_guard hold(results);
        open.insert(port);
      }
    });
  }
  if (auto done = scanners.wait(); !done) {
    return done;
  }
  for (const unsigned port : open) {
    std::printf("%u\n", port);
  }
  std::printf("%zu of %d ports are open\n", open.size(), last - first + 1);
  return {};
}

std::uint16_t port_from(const char* text) {
  const unsigned long port = std::strtoul(text, nullptr, 10);
  return port > 65535 ? 0 : static_cast<std::uint16_t>(port);
}

int main(int argc, char** argv) {
  const std::uint16_t first = argc > 2 ? port_from(argv[2]) : 1;
  const std::uint16_t last = argc > 3 ? port_from(argv[3]) : argc > 2 ? first : 1024;
  if (argc < 2 || first == 0 || last < first) {
    std::fprintf(stderr, "usage: port_scanner <host> [first port] [last port]\n");
    return 2;
  }
  return weft::run_main([&] { return scan(argv[1], first, last); });
}
