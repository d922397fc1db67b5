#include <array>
#include <cstddef>
#include <string>
#include <thread>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <shared_handles.hpp>
#include <sigpipe.hpp>
#include <sys/socket.h>
#include <termios.h>

#include <weft/io/standard_streams.hpp>

#include "support/ends_of_wait.hpp"
#include "support/io_fixture.hpp"
#include "support/raw_handles.hpp"

/// Pipes and sockets that were handed over: who waits for them, and how that ends.
namespace weft::testing {

namespace {

using io::shared_reader;
using io::shared_writer;

plain_pair blocking_sockets() {
  int ends[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
  return {raw_handle(ends[0]), raw_handle(ends[1])};
}

/// Writes until nothing more fits, and leaves the handle waiting.
void fill_up(int fd) {
  const int flags = ::fcntl(fd, F_GETFL);
  ::fcntl(fd, F_SETFL, flags | O_NONBLOCK);
  const std::string block(4096, 'f');
  for (std::size_t size = block.size(); size > 0; size /= 2) {
    while (raw::write(fd, block.data(), size) > 0) {
    }
  }
  ::fcntl(fd, F_SETFL, flags);
}

}  // namespace

TEST_CASE("[row 121] a shared handle is read and written, and waits as it did before") {
  in_io([] {
    for (const plain_pair& ends : {blocking_pipe(), blocking_sockets()}) {
      const auto reader = or_throw(shared_reader::share(ends.in.get()));
      const auto writer = or_throw(shared_writer::share(ends.out.get()));
      auto waiter = spawn([&] { return read_some(reader); });
      (void)sleep_for(settle_time);
      CHECK(!waiter.finished());
      CHECK(waits(ends.in.get()));
      or_throw(writer.write_all("shared"));
      CHECK(waits(ends.out.get()));
      CHECK(or_throw(waiter.join()) == "shared");
      CHECK(waits(ends.in.get()));
    }
  });
}

TEST_CASE("[row 121] much is written and read, whole and in order") {
  std::string text;
  for (std::size_t i = 0; text.size() < 500'000; ++i) {
    text += std::to_string(i) + ' ';
  }
  in_io([&] {
    plain_pair ends = blocking_pipe();
    const auto reader = or_throw(shared_reader::share(ends.in.get()));
    auto writer = or_throw(shared_writer::share(ends.out.get()));
    ends.out.close();
    auto writing = spawn([&] {
      or_throw(writer.write_all(text));
      writer.close();
    });
    CHECK(read_all(reader) == text);
    or_throw(writing.join());
  });
}

TEST_CASE("[row 121] a read of a shared pipe, socket or terminal ends as every wait does") {
  in_io([] {
    const plain_pair pipe = blocking_pipe();
    const plain_pair sockets = blocking_sockets();
    const terminal tty;
    for (const int fd : {pipe.in.get(), sockets.in.get(), tty.program.get()}) {
      auto reader = or_throw(shared_reader::share(fd));
      std::array<std::byte, 4> buffer;
      check_ends_of_wait([&] { return reader.read(buffer); }, [&] { reader.close(); });
      CHECK(!reader.is_open());
      CHECK(waits(fd));
    }
  });
}

TEST_CASE(
    "[row 121] a write to a full pipe or socket, or a stopped terminal, ends as every wait does") {
  in_io([] {
    const plain_pair pipe = blocking_pipe();
    const plain_pair sockets = blocking_sockets();
    const terminal tty;
    fill_up(pipe.out.get());
    fill_up(sockets.out.get());
    REQUIRE(::tcflow(tty.program.get(), TCOOFF) == 0);  // Ctrl-S
    for (const int fd : {pipe.out.get(), sockets.out.get(), tty.program.get()}) {
      auto writer = or_throw(shared_writer::share(fd));
      check_ends_of_wait([&] { return writer.write(bytes_of("x")); }, [&] { writer.close(); });
      CHECK(!writer.is_open());
      CHECK(waits(fd));
    }
  });
}

TEST_CASE("[row 121] of two that read one pipe one gets what comes, and no worker is held up") {
  in_io([] {
    const plain_pair ends = blocking_pipe();
    const auto first = or_throw(shared_reader::share(ends.in.get()));
    const auto second = or_throw(shared_reader::share(ends.in.get()));
    for (std::size_t round = 0; round < rounds(50); ++round) {
      auto one = spawn([&] { return read_one(first); });
      auto other = spawn([&] { return read_one(second); });
      CHECK(type(ends.out.get(), "1"));
      while (!one.finished() && !other.finished()) {
        (void)sleep_for(100us);
      }
      CHECK(type(ends.out.get(), "2"));
      CHECK(or_throw(one.join()) == 1);
      CHECK(or_throw(other.join()) == 1);
    }
  });
}

TEST_CASE("[row 125] a shared pipe that nobody reads any more raises no SIGPIPE") {
  const deadly_sigpipe armed;
  in_io([] {
    plain_pair ends = blocking_pipe();
    const auto writer = or_throw(shared_writer::share(ends.out.get()));
    fill_up(ends.out.get());
    auto waiter = spawn([&] { return error_of(writer.write_all("x")); });
    (void)sleep_for(settle_time);
    ends.in.close();
    CHECK(or_throw(waiter.join()) == std::errc::broken_pipe);
    CHECK(error_of(writer.write(bytes_of("x"))) == std::errc::broken_pipe);
  });
}

TEST_CASE("[row 121] plain threads use shared handles, too") {
  const plain_pair ends = blocking_pipe();
  const auto reader = or_throw(shared_reader::share(ends.in.get()));
  const auto writer = or_throw(shared_writer::share(ends.out.get()));
  std::string got;
  std::thread waiter([&] { got = read_some(reader); });
  or_throw(writer.write_all("text"));
  waiter.join();
  CHECK(got == "text");
  const timeout_scope limit(2ms);
  CHECK(error_of(read_one(reader)) == errc::timed_out);
}

}  // namespace weft::testing
