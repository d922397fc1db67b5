#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include <alloca.h>
#include <doctest/doctest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <weft/net/tcp.hpp>
#include <weft/sync/task_group.hpp>

#include "support/io_fixture.hpp"
#include "support/raw_sockets.hpp"

/// What idle connections cost in memory. tests/bench/idle_memory has the figures, of 9,000 of them.
namespace weft::testing {

namespace {

constexpr double most_each = 6.0 * 1024;
/// Of what they took before they went deep.
constexpr double most_growth = 1.5;
/// The pages go back within a second, unless the machine has much else to do.
constexpr auto patience_for_pages = 30s;

/// Memory of this process that no file backs, in bytes; counted page by page, so it is exact.
double anonymous_bytes() {
  std::FILE* const rollup = std::fopen("/proc/self/smaps_rollup", "r");
  REQUIRE(rollup);
  std::array<char, 256> line;
  long kilobytes = -1;
  while (kilobytes < 0 && std::fgets(line.data(), line.size(), rollup)) {
    (void)std::sscanf(line.data(), "Anonymous: %ld kB", &kilobytes);
  }
  std::fclose(rollup);
  REQUIRE(kilobytes >= 0);
  return static_cast<double>(kilobytes) * 1024;
}

std::size_t connections_allowed(std::size_t wanted) {
  constexpr rlim_t others = 200;
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  return std::min<std::size_t>(wanted, (limit.rlim_cur - others) / 2);
}

/// Reads once, and says whether there was something.
using read_function = bool (*)(const tcp_stream&);

bool read_short(const tcp_stream& peer) {
  std::array<std::byte, 64> buffer;
  return peer.read(buffer).has_value();
}

bool read_leased(const tcp_stream& peer) {
  return peer.read_leased().has_value();
}

bool readable_then_read(const tcp_stream& peer) {
  return peer.readable().has_value() && peer.try_read_leased().has_value();
}

[[gnu::noinline]] void use_stack() {
  constexpr std::size_t size = std::size_t{64} * 1024;
  void* const memory = alloca(size);
  std::memset(memory, 1, size);
  asm volatile("" : : "r"(memory) : "memory");  // the compiler must not think that nobody looks
}

/// A server with connections that are idle, each in its own fiber.
class idle_server {
 public:
  explicit idle_server(read_function read)
      : read_(read), listener_(or_throw(listen("127.0.0.1:0"))) {}

  /// Until so many have been accepted.
  void grow(std::size_t connections) {
    const auto where = loopback(or_throw(listener_.local_endpoint()).port());
    while (clients_.size() < connections) {
      clients_.push_back(raw_connection(where));
      peers_.spawn([this, peer = or_throw(listener_.accept())] {
        ++waiting_;
        while (read_(peer)) {
          use_stack();
          ++went_deep_;
        }
      });
    }
    await(waiting_, connections);
  }
  void go_deep() {
    for (const raw_handle& each : clients_) {
      REQUIRE(send_now(each.get(), "x"));
    }
    await(went_deep_, clients_.size());
  }

 private:
  static void await(const std::size_t& count, std::size_t wanted) {
    while (count < wanted) {
      (void)sleep_for(1ms);
    }
  }

  const read_function read_;
  const tcp_listener listener_;
  std::vector<raw_handle> clients_;
  std::size_t waiting_ = 0;
  std::size_t went_deep_ = 0;
  task_group peers_{on_error::keep_going};  // goes first: its fibers use the rest
};

void check_diet(read_function read) {
  // The first ones pay for what is there once only: buffers, queues, the heap's first pages.
  constexpr std::size_t first_ones = 100;
  const std::size_t all = connections_allowed(3'000);
  const auto each = [&](double growth) { return growth / static_cast<double>(all - first_ones); };
  idle_server server(read);
  server.grow(first_ones);
  const double before = anonymous_bytes();
  server.grow(all);
  const double at_first = each(anonymous_bytes() - before);
  server.go_deep();
  double later = each(anonymous_bytes() - before);
  const auto end = clock::now() + patience_for_pages;
  while (later > at_first * most_growth && clock::now() < end) {
    (void)sleep_for(20ms);
    later = each(anonymous_bytes() - before);
  }
  MESSAGE(all << " connections: " << at_first << " bytes each, " << later << " later");
  CHECK(at_first <= most_each);
  CHECK(later <= at_first * most_growth);
}

}  // namespace

TEST_CASE(
    "[row B7] an idle connection takes at most 6 KiB, and half more once it has used 64 KiB of "
    "stack") {
  if (::sysconf(_SC_PAGESIZE) != 4096) {
    MESSAGE("not tried: a page is larger");
    return;
  }
  struct form {
    const char* name;
    read_function read;
  };
  for (const form& what : {form{"read", read_short}, form{"read_leased", read_leased},
                           form{"readable, then try_read_leased", readable_then_read}}) {
    SUBCASE(what.name) {
      // What one form has left in the heap serves the next: a tenth of a stack, no more.
      run_in({.name = {}, .workers = 1}, [&] { check_diet(what.read); });
    }
  }
}

}  // namespace weft::testing
