#include <array>
#include <numeric>
#include <string>
#include <vector>

#include "support/io_fixture.hpp"
#include "support/raw_sockets.hpp"

/// Short reads, ends and resets of a stream.
namespace weft::testing {

namespace {

std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// A stream and the plain socket at its other end.
struct connection {
  explicit connection(raw_pair ends = tcp_pair())
      : near(stream_on(std::move(ends.near))), far(std::move(ends.far)) {}

  std::error_code read_error() const {
    std::array<std::byte, 16> buffer;
    return error_of(near.read(buffer));
  }

  tcp_stream near;
  raw_handle far;
};

constexpr auto reset_by_peer = std::errc::connection_reset;

}  // namespace

TEST_CASE("a read takes what there is, and no more than fits") {
  run_everywhere([] {
    const connection c;
    std::array<std::byte, 8> buffer;
    CHECK(send_now(c.far.get(), "abc"));
    CHECK(c.near.read(buffer) == 3);
    CHECK(text_of(buffer).substr(0, 3) == "abc");
    CHECK(send_now(c.far.get(), "0123456789"));
    CHECK(c.near.read(buffer) == 8);
    CHECK(text_of(buffer) == "01234567");
    CHECK(c.near.read(buffer) == 2);
    CHECK(text_of(buffer).substr(0, 2) == "89");
  });
}

TEST_CASE("the end of the stream comes after the data, to every reader, and again") {
  run_everywhere([] {
    connection c;
    auto early = spawn([&] { return c.read_error(); });
    auto also_early = spawn([&] { return c.read_error(); });
    (void)sleep_for(settle_time);
    CHECK(send_now(c.far.get(), "x"));
    c.far.close();
    const std::array<std::error_code, 2> ends{or_throw(early.join()), or_throw(also_early.join())};
    CHECK((ends[0] == errc::end_of_stream) + (ends[1] == errc::end_of_stream) == 1);
    CHECK(c.read_error() == errc::end_of_stream);
    CHECK(c.read_error() == errc::end_of_stream);
  });
}

TEST_CASE("read_exact() fills the buffer piece by piece, or tells that the stream ended before") {
  run_everywhere([] {
    connection c;
    std::array<std::byte, 6> buffer;
    auto sender = spawn([&] {
      for (const char* piece : {"ab", "c", "def", "gh"}) {
        CHECK(send_now(c.far.get(), piece));
        (void)sleep_for(1ms);
      }
      c.far.close();
    });
    CHECK(c.near.read_exact(buffer));
    CHECK(text_of(buffer) == "abcdef");
    CHECK(error_of(c.near.read_exact(buffer)) == errc::end_of_stream);
  });
}

TEST_CASE("vectored calls fill and empty their buffers in turn [row 96]") {
  run_everywhere([] {
    const connection c;
    std::array<std::byte, 2> head;
    std::array<std::byte, 0> nothing;
    std::array<std::byte, 4> tail;
    const std::array<std::span<std::byte>, 3> parts{head, nothing, tail};
    CHECK(send_now(c.far.get(), "abc"));
    CHECK(c.near.read_vectored(parts) == 3);
    CHECK(text_of(head) == "ab");
    CHECK(text_of(tail).substr(0, 1) == "c");
    const std::array<std::span<const std::byte>, 3> out{bytes_of("one, "), {}, bytes_of("two")};
    CHECK(c.near.write_vectored(out) == 8);
    (void)sleep_for(settle_time);
    CHECK(receive_now(c.far.get()) == "one, two");
  });
}

TEST_CASE("of more than 64 buffers the first 64 are taken") {
  run_everywhere([] {
    const connection c;
    const std::string text(100, 'v');
    std::vector<std::span<const std::byte>> parts(100, bytes_of("v"));
    CHECK(c.near.write_vectored(parts) == 64);
    std::string room(100, '.');
    std::vector<std::span<std::byte>> pieces;
    for (char& place : room) {
      pieces.push_back(std::as_writable_bytes(std::span(&place, 1)));
    }
    CHECK(send_now(c.far.get(), text));
    CHECK(c.near.read_vectored(pieces) == 64);
    CHECK(room == std::string(64, 'v') + std::string(36, '.'));
  });
}

TEST_CASE("moving nothing is done at once, whether or not anything could move") {
  run_everywhere([] {
    connection c(local_pair());
    std::array<std::byte, 4096> buffer;
    const auto nothing = std::span(buffer).first(0);
    const std::array<std::span<std::byte>, 1> into_nothing{nothing};
    const std::array<std::span<const std::byte>, 1> from_nothing{nothing};
    for (int full = 0; full < 2; ++full) {
      CHECK(error_of(c.near.try_read(buffer)) == std::errc::operation_would_block);
      CHECK(c.near.read(nothing) == 0);
      CHECK(c.near.read_exact(nothing));
      CHECK(c.near.read_vectored(into_nothing) == 0);
      CHECK(c.near.write(nothing) == 0);
      CHECK(c.near.write_all(nothing));
      CHECK(c.near.write_vectored(from_nothing) == 0);
      {
        // From here on both directions are known to have to wait.
        timeout_scope limit(1ms);
        fill(c.far.get());
        fill(c.near.descriptor().native_handle());
        CHECK(error_of(c.near.write(bytes_of("x"))) == errc::timed_out);
      }
      while (c.near.try_read(buffer)) {
      }
      timeout_scope limit(1ms);
      CHECK(c.read_error() == errc::timed_out);
    }
  });
}

TEST_CASE("a half-closed connection still moves data the other way [row 97]") {
  run_everywhere([] {
    connection c;
    CHECK(c.near.write_all("question"));
    CHECK(c.near.shutdown(socket_side::write));
    CHECK(error_of(c.near.write(bytes_of("x"))) == std::errc::broken_pipe);
    auto reader = spawn([&] {
      std::array<std::byte, 6> buffer;
      CHECK(c.near.read_exact(buffer));
      return text_of(buffer);
    });
    (void)sleep_for(settle_time);
    CHECK(receive_now(c.far.get()) == "question");
    CHECK(receive_now(c.far.get()).empty());
    CHECK(send_now(c.far.get(), "answer"));
    CHECK(or_throw(reader.join()) == "answer");
    c.far.close();
    CHECK(c.read_error() == errc::end_of_stream);
  });
}

TEST_CASE("a peer that has sent everything can still be written to [row 97]") {
  run_everywhere([] {
    connection c;
    CHECK(send_now(c.far.get(), "request"));
    CHECK(raw::end_writing(c.far.get()));
    std::array<std::byte, 7> buffer;
    CHECK(c.near.read_exact(buffer));
    CHECK(c.read_error() == errc::end_of_stream);
    const std::string answer(3'000'000, 'a');
    auto writer = spawn([&] { return c.near.write_all(answer); });
    for (std::size_t got = 0; got < answer.size();) {
      const std::size_t n = receive_now(c.far.get()).size();
      got += n;
      if (n == 0) {
        (void)sleep_for(100us);
      }
    }
    CHECK(writer.join());
  });
}

TEST_CASE("shutting down the reading side ends the reads that wait") {
  run_everywhere([] {
    const connection c;
    auto reader = spawn([&] { return c.read_error(); });
    (void)sleep_for(settle_time);
    CHECK(c.near.shutdown(socket_side::read));
    CHECK(or_throw(reader.join()) == errc::end_of_stream);
    CHECK(c.read_error() == errc::end_of_stream);
  });
}

TEST_CASE("a reset ends reads and writes with the system's error") {
  run_everywhere([] {
    connection c;
    auto reader = spawn([&] { return c.read_error(); });
    (void)sleep_for(settle_time);
    reset(c.far);
    const std::error_code got = or_throw(reader.join());
    // On a busy machine the reader may only begin when it has come.
    CHECK((got == reset_by_peer || (!raw::remembers_resets && got == errc::end_of_stream)));
    CHECK(error_of(c.near.write(bytes_of("x"))) == raw::error_after_reset);
    CHECK(c.read_error() == errc::end_of_stream);
  });
}

TEST_CASE("urgent data, which cut a read short, do not hide what follows them") {
  run_everywhere([] {
    const connection c;
    auto reader = spawn([&] {
      std::string got;
      std::array<std::byte, 64> buffer;
      while (got.size() < 4) {
        timeout_scope limit(promptly);
        const auto n = c.near.read(buffer);
        if (!n) {
          return got + n.error().message();
        }
        got += text_of(std::span(buffer).first(*n));
      }
      return got;
    });
    (void)sleep_for(settle_time);
    CHECK(send_now(c.far.get(), "ab"));
    CHECK(raw::send(c.far.get(), "!", 1, MSG_OOB) == 1);
    CHECK(send_now(c.far.get(), "cd"));
    CHECK(or_throw(reader.join()) == "abcd");
  });
}

}  // namespace weft::testing
