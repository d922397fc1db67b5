#include <array>
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include <weft/net/stream_socket.hpp>

#include "support/tcp_fixture.hpp"

/// What stream_socket has beside reading and writing.
namespace weft::testing {

namespace {

result<int> raw_read(int fd) {
  std::array<char, 16> buffer;
  const auto n = raw::receive(fd, buffer.data(), buffer.size());
  return n < 0 ? result<int>(fail(std::make_error_code(would_block))) : static_cast<int>(n);
}

/// Checks that a wait completes when the peer writes, times out, is cancelled, and is closed.
template <class Wait>
void check_waits_to_read(Wait wait) {
  connection both = connected();
  {
    timeout_scope limit{2ms};
    CHECK(error_of(wait(both.client)) == errc::timed_out);
  }
  auto waiter = spawn([&] { return error_of(wait(both.client)); });
  (void)sleep_for(settle_time);
  CHECK(!waiter.finished());
  waiter.cancel();
  CHECK(waiter.join() == make_error_code(errc::operation_canceled));

  waiter = spawn([&] { return error_of(wait(both.client)); });
  (void)sleep_for(settle_time);
  CHECK(both.server.write_all("x"));
  CHECK(waiter.join() == std::error_code());
  CHECK(error_of(wait(both.client)) == std::error_code());  // nothing was read
  CHECK(read_text(both.client, 1) == "x");

  waiter = spawn([&] { return error_of(wait(both.client)); });
  (void)sleep_for(settle_time);
  both.client.close();
  CHECK(waiter.join() == make_error_code(errc::closed));
  CHECK(error_of(wait(both.client)) == errc::closed);
}

/// The same for the other direction, by a peer that reads.
template <class Wait>
void check_waits_to_write(Wait wait) {
  connection both = connected();
  CHECK(error_of(wait(both.client)) == std::error_code());
  (void)fill(both.client);
  {
    timeout_scope limit{2ms};
    const auto waited = error_of(wait(both.client));
    CHECK((waited == errc::timed_out || !waited));  // the system may have made room by itself
  }
  (void)fill(both.client);
  auto waiter = spawn([&] { return error_of(wait(both.client)); });
  std::array<std::byte, 64 * 1024> buffer;
  while (!waiter.finished()) {
    (void)both.server.try_read(buffer);
    (void)sleep_for(100us);
  }
  CHECK(waiter.join() == std::error_code());
}

}  // namespace

TEST_CASE("readable() waits until there is something to read, and reads nothing [row 94]") {
  in_io([] { check_waits_to_read([](const tcp_stream& s) { return s.readable(); }); });
}

TEST_CASE("writable() waits until there is room [row 94]") {
  in_io([] { check_waits_to_write([](const tcp_stream& s) { return s.writable(); }); });
}

TEST_CASE("ready() for one side is readable() or writable() [row 94]") {
  in_io([] {
    check_waits_to_read([](const tcp_stream& s) { return s.ready(socket_side::read); });
    check_waits_to_write([](const tcp_stream& s) { return s.ready(socket_side::write); });
  });
}

TEST_CASE("ready() for both sides tells which is [row 94]") {
  in_io([] {
    const connection both = connected();
    auto now = or_throw(both.client.ready(socket_side::both));
    CHECK(!now.readable);
    CHECK(now.writable);
    CHECK(both.server.write_all("x"));
    await_arrival(both.client, 1);
    now = or_throw(both.client.ready(socket_side::both));
    CHECK(now.readable);
    CHECK(now.writable);
  });
}

TEST_CASE("ready() for both sides waits while neither is [row 94]") {
  in_io([] {
    raw_pair ends = local_pair();
    (void)fill(ends.near.get());
    tcp_stream near = stream_on(std::move(ends.near));
    const auto wait = [&] {
      const auto now = near.ready(socket_side::both);
      return now ? (now->readable ? 1 : 0) + (now->writable ? 2 : 0) : -1;
    };
    {
      timeout_scope limit{2ms};
      CHECK(error_of(near.ready(socket_side::both)) == errc::timed_out);
    }
    auto waiter = spawn(wait);
    (void)sleep_for(settle_time);
    CHECK(!waiter.finished());
    CHECK(send_now(ends.far.get(), "x"));
    CHECK(waiter.join() == 1);
    CHECK(read_text(near, 1) == "x");

    waiter = spawn(wait);
    (void)sleep_for(settle_time);
    while (!receive_now(ends.far.get()).empty()) {
    }
    CHECK(waiter.join() == 2);

    (void)fill(near.descriptor().native_handle());
    auto canceled = spawn([&] { return error_of(near.ready(socket_side::both)); });
    (void)sleep_for(settle_time);
    canceled.cancel();
    CHECK(canceled.join() == make_error_code(errc::operation_canceled));
    auto closed = spawn([&] { return error_of(near.ready(socket_side::both)); });
    (void)sleep_for(settle_time);
    near.close();
    CHECK(closed.join() == make_error_code(errc::closed));
  });
}

TEST_CASE("ready() for both sides fails with what happened, whichever side hears of it first") {
  in_io([] {
    for (std::size_t i = 0; i < rounds(300); ++i) {
      raw_pair ends = local_pair();
      tcp_stream near = stream_on(std::move(ends.near));
      (void)fill(near);
      auto waiter = spawn([&] { return error_of(near.ready(socket_side::both)); });
      (void)sleep_for(std::chrono::microseconds(i % 60));
      near.close();
      const std::error_code ended = or_throw(waiter.join());
      // Over a network the system may have made room by itself.
      REQUIRE((ended == errc::closed || (!ended && !raw::has_unix_sockets)));
    }
  });
}

TEST_CASE("a plain thread may wait for both sides") {
  raw_pair ends = local_pair();
  (void)fill(ends.near.get());
  const tcp_stream near = stream_on(std::move(ends.near));
  std::atomic<bool> done{false};
  std::thread waiter([&] {
    CHECK(near.ready(socket_side::both)->readable);
    done = true;
  });
  CHECK(!done);
  CHECK(send_now(ends.far.get(), "x"));
  waiter.join();
}

TEST_CASE("peek() shows what read() will return [row 95]") {
  in_io([] {
    check_waits_to_read([](const tcp_stream& s) {
      std::array<std::byte, 4> buffer;
      return s.peek(buffer);
    });
    const connection both = connected();
    std::string seen(8, '.');
    CHECK(error_of(both.client.try_peek(bytes_of(seen))) == would_block);
    CHECK(both.server.write_all("abcd"));
    await_arrival(both.client, 4);
    for (int i = 0; i < 3; ++i) {
      CHECK(both.client.peek(bytes_of(seen)) == 4);
      CHECK(both.client.try_peek(bytes_of(seen).first(2)) == 2);
    }
    CHECK(seen == "abcd....");
    CHECK(read_text(both.client, 4) == "abcd");
    CHECK(both.client.peek({}) == 0);
    CHECK(both.server.shutdown(socket_side::write));
    CHECK(error_of(both.client.peek(bytes_of(seen))) == errc::end_of_stream);
    CHECK(error_of(both.client.try_peek(bytes_of(seen))) == errc::end_of_stream);
  });
}

TEST_CASE(
    "try_io() makes a call of the user's own, perform_io() until it need not wait [row 138]") {
  in_io([] {
    connection both = connected();
    CHECK(error_of(both.client.try_io(raw_read)) == would_block);
    auto reader = spawn([&] { return both.client.perform_io(socket_side::read, raw_read); });
    (void)sleep_for(settle_time);
    CHECK(!reader.finished());
    CHECK(both.server.write_all("four"));
    CHECK(reader.join() == 4);

    (void)fill(both.client);
    auto writer = spawn([&] {
      return both.client.perform_io(socket_side::write, [](int fd) -> result<bool> {
        return send_now(fd, "x") ? result<bool>(true) : fail(std::make_error_code(would_block));
      });
    });
    std::array<std::byte, 64 * 1024> buffer;
    while (!writer.finished()) {
      (void)both.server.try_read(buffer);
      (void)sleep_for(100us);
    }
    CHECK(writer.join() == true);
    both.client.close();
    CHECK(error_of(both.client.try_io(raw_read)) == errc::closed);
    CHECK(error_of(both.client.perform_io(socket_side::read, raw_read)) == errc::closed);
  });
}

TEST_CASE("a stream is adopted from a native handle, and given up again [row 138]") {
  in_io([] {
    raw_pair ends = tcp_pair();
    tcp_stream near = stream_on(std::move(ends.near));
    CHECK(near.write_all("one"));
    CHECK(receive_now(ends.far.get()) == "one");
    const raw_handle given(near.release());
    CHECK(!near.is_open());
    CHECK(near.release() == -1);
    CHECK(send_now(given.get(), "two"));
    CHECK(receive_now(ends.far.get()) == "two");
  });
}

TEST_CASE("take_error() takes the error that is pending, once [row 98]") {
  in_io([] {
    raw_pair ends = tcp_pair();
    tcp_stream near = stream_on(std::move(ends.near));
    CHECK(near.take_error() == std::error_code());
    reset(ends.far);
    CHECK(near.readable());
    const std::error_code taken = or_throw(near.take_error());
    CHECK((taken == std::errc::connection_reset || (!raw::remembers_resets && !taken)));
    CHECK(near.take_error() == std::error_code());
    near.close();
    CHECK(error_of(near.take_error()) == errc::closed);
  });
}

TEST_CASE("each call has a deadline when a scope gives it one [row 89]") {
  in_io([] {
    const connection both = connected();
    std::array<std::byte, 4> buffer;
    {
      timeout_scope limit{2ms};
      CHECK(error_of(both.client.read(buffer)) == errc::timed_out);
      CHECK(error_of(both.client.write_all("x")) == errc::timed_out);
    }
    const std::string much(32 * 1024 * 1024, 'w');
    {
      timeout_scope limit{20ms};  // a peer that never reads
      CHECK(error_of(both.server.write_all(much)) == errc::timed_out);
    }
    CHECK(both.client.write_all("x"));
    CHECK(read_text(both.server, 1) == "x");
  });
}

TEST_CASE("vectored calls move something, however many empty buffers come first [row 96]") {
  in_io([] {
    const connection both = connected();
    std::string text = "there";
    std::vector<std::span<const std::byte>> parts(stream_socket::most_buffers);
    parts.push_back(bytes_of(std::string_view(text)));
    CHECK(both.client.write_vectored(parts) == 5);
    CHECK(both.client.try_write_vectored(std::span(parts).first(64)) == 0);
    std::string got(5, ' ');
    std::vector<std::span<std::byte>> room(stream_socket::most_buffers);
    room.push_back(bytes_of(got));
    CHECK(both.server.read_vectored(room) == 5);
    CHECK(got == text);
    CHECK(both.server.read_vectored(std::span(room).first(64)) == 0);
  });
}

TEST_CASE("write_all_vectored() writes any number of buffers, however much fits [row 96]") {
  in_io([] {
    const connection both = connected();
    std::string all;
    std::vector<std::string> pieces;
    for (std::size_t i = 0; i < 150; ++i) {
      pieces.emplace_back(i % 7 == 0 ? 0 : i * 300, static_cast<char>('a' + i % 26));
      all += pieces.back();
    }
    const std::vector<std::span<const std::byte>> out = [&] {
      std::vector<std::span<const std::byte>> spans;
      spans.reserve(pieces.size());
      for (const std::string& piece : pieces) {
        spans.push_back(bytes_of(std::string_view(piece)));
      }
      return spans;
    }();
    auto writer = spawn([&] { return both.client.write_all_vectored(out); });
    CHECK((read_text(both.server, all.size()) == all));
    CHECK(writer.join());
    CHECK(both.client.write_all_vectored({}));
    CHECK(both.client.try_write_vectored(std::span(out).first(3)) == out[1].size() + out[2].size());
    await_arrival(both.server, 900);
    std::string got(900, '.');
    const std::array<std::span<std::byte>, 2> in{bytes_of(got).first(300),
                                                 bytes_of(got).subspan(300)};
    CHECK(both.server.try_read_vectored(in) == 900);
    CHECK(error_of(both.server.try_read_vectored(in)) == would_block);
  });
}

}  // namespace weft::testing
