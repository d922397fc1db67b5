#include <cerrno>
#include <cstddef>
#include <string>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <shared_handles.hpp>
#include <unistd.h>

#include <weft/io/detail/syscalls.hpp>
#include <weft/io/standard_streams.hpp>
#include <weft/runtime/blocking.hpp>

#include "support/io_fixture.hpp"
#include "support/raw_handles.hpp"
#include "support/scratch.hpp"

/// Terminals, files and other devices that were handed over: each waits in a way of its own, or
/// never.
namespace weft::testing {

namespace {

using io::shared_reader;
using io::shared_writer;
using weft::detail::sys::call;
using weft::detail::sys::fault;
using weft::detail::sys::inject;

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

}  // namespace

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

}  // namespace weft::testing
