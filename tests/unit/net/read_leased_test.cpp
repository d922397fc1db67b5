#include <array>
#include <cerrno>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include <weft/io/detail/syscalls.hpp>
#include <weft/net/halves.hpp>
#include <weft/net/tcp.hpp>
#include <weft/net/unix_stream.hpp>
#include <weft/runtime/blocking.hpp>
#include <weft/runtime/yield.hpp>
#include <weft/sync/task_group.hpp>

#include "support/ends_of_wait.hpp"
#include "support/tcp_fixture.hpp"

/// Reading into buffers that weft lends.
namespace weft::testing {

namespace {

namespace sys = weft::detail::sys;

std::string text_of(const io::leased_buffer& lease) {
  const auto bytes = lease.bytes();
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string pattern(std::size_t size, std::size_t seed) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) {
    text[i] = static_cast<char>('a' + (i * 7 + seed) % 26);
  }
  return text;
}

/// Everything up to the end of the stream, lease by lease.
std::string read_all(const stream_socket& stream, std::size_t& largest) {
  std::string all;
  for (;;) {
    const auto lease = stream.read_leased();
    if (!lease) {
      CHECK(lease.error() == errc::end_of_stream);
      return all;
    }
    CHECK(!lease->empty());
    largest = std::max(largest, lease->size());
    all += text_of(*lease);
  }
}

/// Has the kernel refuse to take buffers, until it goes.
class no_buffer_rings {
 public:
  no_buffer_rings() { sys::inject(refuse); }
  ~no_buffer_rings() { sys::inject(nullptr); }

 private:
  static sys::fault refuse(sys::call which, int, std::size_t) noexcept {
    return {.error = which == sys::call::ring_register ? EINVAL : 0};
  }
};

void check_transfer() {
  const connection both = connected();
  const std::string sent = pattern(3'000'000, 1);
  auto writer = spawn([&] {
    or_throw(both.client.write_all("short"));
    or_throw(both.client.write_all(sent));
    or_throw(both.client.shutdown(socket_side::write));
  });
  std::size_t largest = 0;
  CHECK(read_all(both.server, largest) == "short" + sent);
  CHECK(largest > 4096);  // a connection that has much to say gets large buffers
  CHECK(writer.join());
  CHECK(error_of(both.server.read_leased()) == errc::end_of_stream);
}

}  // namespace

TEST_CASE("[row 83] [B8] a leased read delivers what there is, in order, up to the end") {
  in_io(check_transfer);
}

TEST_CASE("[row 83] [B8] leased reads work where the kernel takes no buffers") {
  const no_buffer_rings refused;
  in_io(check_transfer);
}

TEST_CASE("[row 83] [B8] a leased read completes, times out, is cancelled and is closed under it") {
  in_io([] {
    connection both = connected();
    auto waiter = spawn([&] { return text_of(or_throw(both.server.read_leased())); });
    (void)sleep_for(settle_time);
    CHECK(both.client.write_all("hello"));
    CHECK(waiter.join() == std::string("hello"));
    check_ends_of_wait([&] { return both.server.read_leased(); }, [&] { both.server.close(); });
  });
}

TEST_CASE("[row 83] [B8] data that arrives while a leased read is cancelled is not lost") {
  in_io([] {
    const connection both = connected();
    std::string sent;
    std::string received;
    for (std::size_t i = 0; i < rounds(300); ++i) {
      auto reader = spawn([&] {
        if (const auto lease = both.server.read_leased()) {
          received += text_of(*lease);
        }
      });
      if (i % 3 != 0) {
        yield();
      }
      const std::string word = std::to_string(i) + " ";
      sent += word;
      if (i % 2 == 0) {
        or_throw(both.client.write_all(word));
        reader.cancel();
      } else {
        reader.cancel();
        or_throw(both.client.write_all(word));
      }
      (void)reader.join();
    }
    or_throw(both.client.shutdown(socket_side::write));
    std::size_t largest = 0;
    received += read_all(both.server, largest);
    CHECK(received == sent);
  });
}

TEST_CASE("[row 83] [B8] more leases than the kernel has buffers, at once and kept") {
  in_io([] {
    constexpr std::size_t count = 300;
    const tcp_listener listener = or_throw(listen("127.0.0.1:0"));
    std::vector<connection> all;
    for (std::size_t i = 0; i < count; ++i) {
      all.push_back(connect_to(listener));
    }
    std::vector<io::leased_buffer> kept(3 * count);
    for (std::size_t round = 0; round < 3; ++round) {
      task_group readers;
      for (std::size_t i = 0; i < count; ++i) {
        readers.spawn([&, i] { kept[round * count + i] = or_throw(all[i].server.read_leased()); });
      }
      (void)sleep_for(settle_time);
      for (std::size_t i = 0; i < count; ++i) {
        or_throw(all[i].client.write_all(pattern(100, round + i)));
      }
      CHECK(readers.wait());
    }
    for (std::size_t round = 0; round < 3; ++round) {
      for (std::size_t i = 0; i < count; ++i) {
        CHECK(text_of(kept[round * count + i]) == pattern(100, round + i));
      }
    }
  });
}

TEST_CASE("a lease moves, shrinks, outlives its socket and its runtime, and ends on any thread") {
  io::leased_buffer last;
  in_io([&] {
    connection both = connected();
    or_throw(both.client.write_all("0123456789"));
    await_arrival(both.server, 10);
    io::leased_buffer first = or_throw(both.server.read_leased());
    both.server.close();
    io::leased_buffer second = std::move(first);
    CHECK(first.empty());  // NOLINT(bugprone-use-after-move)
    second.drop_first(4);
    CHECK(text_of(second) == "456789");
    second.bytes()[0] = std::byte{'x'};
    last = std::move(second);
    CHECK(text_of(last) == "x56789");
  });
  CHECK(text_of(last) == "x56789");
  std::thread([&] { last.give_back(); }).join();
  CHECK(last.empty());
  last.give_back();
}

TEST_CASE("a leased read on a plain thread blocks the thread") {
  in_io([] {
    connection both = connected();
    std::string seen;
    std::thread reader([&] { seen = text_of(or_throw(both.server.read_leased())); });
    or_throw(both.client.write_all("hi"));
    auto joined = blocking([&] { reader.join(); });
    CHECK(joined);
    CHECK(seen == "hi");
  });
}

TEST_CASE("try_read_leased() never waits; halves and Unix streams lease, too") {
  in_io([] {
    connection both = connected();
    CHECK(error_of(both.server.try_read_leased()) == would_block);
    or_throw(both.client.write_all("tcp"));
    await_arrival(both.server, 3);
    const auto [reader, writer] = split(both.server);
    CHECK(text_of(or_throw(reader.try_read_leased())) == "tcp");
    CHECK(error_of(reader.try_read_leased()) == would_block);

    if (!raw::has_unix_sockets) {
      return;
    }
    auto [left, right] = or_throw(unix_stream::pair());
    or_throw(left.write_all("unix"));
    CHECK(text_of(or_throw(right.read_leased())) == "unix");
    left.close();
    CHECK(error_of(right.try_read_leased()) == errc::end_of_stream);
  });
}

}  // namespace weft::testing
