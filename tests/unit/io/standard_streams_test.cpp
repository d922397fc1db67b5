#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sigpipe.hpp>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include <weft/io/detail/syscalls.hpp>
#include <weft/io/run.hpp>
#include <weft/io/standard_streams.hpp>
#include <weft/runtime/blocking.hpp>
#include <weft/runtime/explain.hpp>

#include "support/child.hpp"
#include "support/ends_of_wait.hpp"
#include "support/io_fixture.hpp"
#include "support/raw_handles.hpp"
#include "support/scratch.hpp"

/// Handles as other processes hand them over: they wait, and must still wait afterwards.
namespace weft::testing {

namespace {

using io::shared_reader;
using io::shared_writer;
using weft::detail::sys::call;
using weft::detail::sys::fault;
using weft::detail::sys::inject;

struct plain_pair {
  raw_handle in;
  raw_handle out;
};

plain_pair blocking_pipe() {
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  return {raw_handle(ends[0]), raw_handle(ends[1])};
}

plain_pair blocking_sockets() {
  int ends[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
  return {raw_handle(ends[0]), raw_handle(ends[1])};
}

/// The program's side, which hands on each line, and the side of who sits in front of it.
struct terminal {
  raw_handle screen;
  raw_handle program;

  terminal() {
    screen = raw_handle(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
    REQUIRE(::grantpt(screen.get()) == 0);
    REQUIRE(::unlockpt(screen.get()) == 0);
    program = raw_handle(::open(::ptsname(screen.get()), O_RDWR | O_NOCTTY | O_CLOEXEC));
    termios how{};
    REQUIRE(::tcgetattr(program.get(), &how) == 0);
    how.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    how.c_oflag = 0;
    REQUIRE(::tcsetattr(program.get(), TCSANOW, &how) == 0);
  }
};

bool waits(int fd) {
  return (::fcntl(fd, F_GETFL) & O_NONBLOCK) == 0;
}

bool type(int fd, std::string_view text) {
  return raw::write(fd, text.data(), text.size()) == static_cast<std::ptrdiff_t>(text.size());
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

std::string read_some(const shared_reader& from) {
  std::string buffer(4096, '\0');
  buffer.resize(or_throw(from.read(bytes_of(buffer))));
  return buffer;
}

result<std::size_t> read_one(const shared_reader& from) {
  std::array<std::byte, 1> one;
  return from.read(one);
}

/// Everything up to the end.
std::string read_all(const shared_reader& from) {
  std::string all;
  std::string buffer(64 * 1024, '\0');
  for (;;) {
    const auto n = from.read(bytes_of(buffer));
    if (!n) {
      CHECK(n.error() == errc::end_of_stream);
      return all;
    }
    all.append(buffer, 0, *n);
  }
}

std::string drain(int fd, std::size_t size) {
  std::string text(size, '.');
  std::size_t got = 0;
  while (got < size) {
    const auto n = ::read(fd, text.data() + got, size - got);
    if (n <= 0) {
      break;
    }
    got += static_cast<std::size_t>(n);
  }
  text.resize(got);
  return text;
}

/// A system that tells of no handle whether it is ready.
fault says_nothing(call which, int, std::size_t) noexcept {
  return {.error = which == call::poll ? ENODEV : 0};
}

fault no_descriptors(call which, int, std::size_t) noexcept {
  return {.error = which == call::duplicate ? EMFILE : 0};
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

TEST_CASE("[row 121] a terminal gives line after line, and takes what is written") {
  in_io([] {
    const terminal tty;
    const auto reader = or_throw(shared_reader::share(tty.program.get()));
    const auto writer = or_throw(shared_writer::share(tty.program.get()));
    auto waiter = spawn([&] { return read_some(reader); });
    (void)sleep_for(settle_time);
    CHECK(type(tty.screen.get(), "half a li"));
    (void)sleep_for(settle_time);
    CHECK(!waiter.finished());
    CHECK(type(tty.screen.get(), "ne\nand another\n"));
    CHECK(or_throw(waiter.join()) == "half a line\n");
    CHECK(read_some(reader) == "and another\n");
    CHECK(type(tty.screen.get(), "\x04"));
    CHECK(error_of(read_one(reader)) == errc::end_of_stream);
    or_throw(writer.write_all("prompt> "));
    CHECK(drain(tty.screen.get(), 8) == "prompt> ");
    const std::string much(20'000, 'm');
    auto writing = spawn([&] { or_throw(writer.write_all(much)); });
    CHECK(or_throw(blocking([&] { return drain(tty.screen.get(), much.size()); })) == much);
    or_throw(writing.join());
    CHECK(waits(tty.program.get()));
  });
}

TEST_CASE("[row 121] a shared file is used at the position that all share") {
  const scratch_directory here;
  in_io([&] {
    const raw_handle file(
        ::open((here / "log").c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    const auto writer = or_throw(shared_writer::share(file.get()));
    or_throw(writer.write_all("ours, "));
    CHECK(type(file.get(), "another's, "));
    const std::string much(300'000, 'm');
    or_throw(writer.write_all(much));
    REQUIRE(::lseek(file.get(), 6, SEEK_SET) == 6);
    const auto reader = or_throw(shared_reader::share(file.get()));
    CHECK(drain(file.get(), 11) == "another's, ");
    CHECK(read_all(reader) == much);
    {
      cancel_scope ended;
      ended.cancel();
      CHECK(error_of(writer.write(bytes_of("x"))) == errc::operation_canceled);
    }
  });
}

TEST_CASE("[row 121] devices that have everything, or nothing, need not be waited for") {
  in_io([] {
    const raw_handle null(::open("/dev/null", O_RDWR | O_CLOEXEC));
    const auto reader = or_throw(shared_reader::share(null.get()));
    CHECK(read_all(reader).empty());
    CHECK(reader.read({}) == 0);
    const auto writer = or_throw(shared_writer::share(null.get()));
    CHECK(writer.write(bytes_of("gone")) == 4);
    CHECK(writer.write({}) == 0);
    const raw_handle full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
    const auto none = or_throw(shared_writer::share(full.get()));
    CHECK(error_of(none.write_all("x")) == std::errc::no_space_on_device);
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

TEST_CASE("[row 121] a handle that another process has made non-blocking is waited for as well") {
  in_io([] {
    const terminal tty;
    ::fcntl(tty.program.get(), F_SETFL, O_RDWR | O_NONBLOCK);
    const auto reader = or_throw(shared_reader::share(tty.program.get()));
    auto waiter = spawn([&] { return read_some(reader); });
    (void)sleep_for(settle_time);
    CHECK(!waiter.finished());
    CHECK(type(tty.screen.get(), "line\n"));
    CHECK(or_throw(waiter.join()) == "line\n");
    CHECK(!waits(tty.program.get()));
  });
}

TEST_CASE("[row 121] where the system tells nothing of a device the pool waits for it") {
  in_io([] {
    const terminal tty;
    const auto reader = or_throw(shared_reader::share(tty.program.get()));
    const auto writer = or_throw(shared_writer::share(tty.program.get()));
    inject(&says_nothing);
    auto waiter = spawn([&] { return read_some(reader); });
    (void)sleep_for(settle_time);
    CHECK(!waiter.finished());
    CHECK(type(tty.screen.get(), "line\n"));
    CHECK(or_throw(waiter.join()) == "line\n");
    or_throw(writer.write_all("answer"));
    inject(nullptr);
    CHECK(drain(tty.screen.get(), 6) == "answer");
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

TEST_CASE("[row 121] what cannot be shared is refused, and nothing is left open") {
  in_io([] {
    CHECK(error_of(shared_reader::share(-1)) == std::errc::bad_file_descriptor);
    CHECK(error_of(shared_writer::share(-1)) == std::errc::bad_file_descriptor);
    inject(&no_descriptors);
    CHECK(error_of(io::standard_input()) == std::errc::too_many_files_open);
    const auto refused = io::standard_error();
    inject(nullptr);
    CHECK(explain(error_of(refused)) == "open the standard error: Too many open files");
    const shared_reader nothing;
    CHECK(error_of(read_one(nothing)) == errc::closed);
    const shared_writer nowhere;
    CHECK(error_of(nowhere.write(bytes_of("x"))) == errc::closed);
  });
}

TEST_CASE("child: copies its input to its output" * doctest::skip()) {
  become_plain_program();
  plain_pair ends = blocking_pipe();
  REQUIRE(::dup2(ends.in.get(), STDIN_FILENO) == STDIN_FILENO);
  REQUIRE(type(ends.out.get(), "what it was given\n"));
  ends.out.close();
  ends.in.close();
  const int flags = ::fcntl(STDOUT_FILENO, F_GETFL);
  const int outcome = run_main([&]() -> result<void> {
    auto in = or_throw(io::standard_input());
    auto out = or_throw(io::standard_output());
    or_throw(out.write_all("copied: " + read_all(in)));
    or_throw(or_throw(io::standard_error()).write_all("and done\n"));
    in.close();
    out.close();
    CHECK((raw::is_open(STDIN_FILENO) && raw::is_open(STDOUT_FILENO)));
    CHECK((waits(STDIN_FILENO) && ::fcntl(STDOUT_FILENO, F_GETFL) == flags));
    return {};
  });
  ::close(STDIN_FILENO);
  CHECK(error_of(io::standard_input()) == std::errc::bad_file_descriptor);
  std::exit(outcome);
}

TEST_CASE("[row 121] the standard streams are those that the program was started with") {
  const child_outcome ended = run_child("child: copies its input to its output");
  CHECK_MESSAGE(ended.exited_with(EXIT_SUCCESS), ended.output);
  CHECK_MESSAGE(ended.says("copied: what it was given\n"), ended.output);
  CHECK_MESSAGE(ended.says("and done\n"), ended.output);
  CHECK_MESSAGE(!ended.says("ERROR"), ended.output);
}

}  // namespace weft::testing
