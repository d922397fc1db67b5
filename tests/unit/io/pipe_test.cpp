#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <pthread.h>
#include <sigpipe.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include <weft/io/detail/syscalls.hpp>
#include <weft/io/pipe.hpp>

#include "support/ends_of_wait.hpp"
#include "support/io_fixture.hpp"
#include "support/raw_handles.hpp"
#include "support/scratch.hpp"

namespace weft::testing {

namespace {

using io::make_pipe;
using weft::detail::sys::call;
using weft::detail::sys::fault;
using weft::detail::sys::inject;

constexpr auto would_block = std::errc::operation_would_block;

void fill(const io::pipe_writer& writer) {
  const std::array<std::byte, 4096> page{};
  while (writer.try_write(page)) {
  }
}

std::string read_to_end(const io::pipe_reader& reader) {
  std::string all;
  std::array<char, 1000> buffer;
  for (;;) {
    const auto n = reader.read(std::as_writable_bytes(std::span(buffer)));
    if (!n) {
      CHECK(n.error() == errc::end_of_stream);
      return all;
    }
    all.append(buffer.data(), *n);
  }
}

/// Digits in an order that shows what is lost or doubled.
std::string long_text(std::size_t size) {
  std::string text;
  for (std::size_t i = 0; text.size() < size; ++i) {
    text += std::to_string(i) + ' ';
  }
  return text;
}

bool sigpipe_pends() {
  sigset_t all;
  return ::sigpending(&all) == 0 && ::sigismember(&all, SIGPIPE) == 1;
}

fault no_descriptors(call which, int, std::size_t) noexcept {
  return {.error = which == call::pipe ? EMFILE : 0};
}

/// A pipe that takes three bytes at a time.
fault reluctant(call which, int, std::size_t) noexcept {
  return which == call::write ? fault{.limit = 3} : fault{};
}

fault broken_device(call which, int, std::size_t) noexcept {
  return {.error = which == call::write ? EIO : 0};
}

}  // namespace

TEST_CASE("[row 121] what is written to a pipe is read from it, and then comes its end") {
  in_io([] {
    auto ends = or_throw(make_pipe());
    const std::string text = long_text(1'000'000);
    auto writer = spawn([&] {
      or_throw(ends.writer.write_all(text));
      ends.writer.close();
    });
    CHECK(read_to_end(ends.reader) == text);
    or_throw(writer.join());
    std::array<std::byte, 1> one;
    CHECK(error_of(ends.reader.read(one)) == errc::end_of_stream);
    CHECK(error_of(ends.reader.try_read(one)) == errc::end_of_stream);
    CHECK(ends.reader.readable().has_value());
  });
}

TEST_CASE("[row 121] a read of a pipe gives up and ends as every wait does") {
  in_io([] {
    auto ends = or_throw(make_pipe());
    std::array<std::byte, 4> buffer;
    check_ends_of_wait([&] { return ends.reader.read(buffer); }, [&] { ends.reader.close(); });
    CHECK(error_of(ends.reader.try_read(buffer)) == errc::closed);
    CHECK(!ends.reader.is_open());
  });
  in_io([] {
    auto ends = or_throw(make_pipe());
    check_ends_of_wait([&] { return ends.reader.readable(); }, [&] { ends.reader.close(); });
  });
}

TEST_CASE("[row 121] a write to a full pipe gives up and ends as every wait does") {
  in_io([] {
    auto ends = or_throw(make_pipe());
    fill(ends.writer);
    check_ends_of_wait([&] { return ends.writer.write(bytes_of("x")); },
                       [&] { ends.writer.close(); });
    CHECK(error_of(ends.writer.try_write(bytes_of("x"))) == errc::closed);
    CHECK(error_of(ends.writer.try_write({})) == errc::closed);
  });
  in_io([] {
    auto ends = or_throw(make_pipe());
    fill(ends.writer);
    check_ends_of_wait([&] { return ends.writer.writable(); }, [&] { ends.writer.close(); });
  });
}

TEST_CASE("[row 121] a cancelled write has written nothing, though there was room") {
  in_io([] {
    auto ends = or_throw(make_pipe());
    {
      cancel_scope ended;
      ended.cancel();
      CHECK(error_of(ends.writer.write(bytes_of("x"))) == errc::operation_canceled);
    }
    std::array<std::byte, 1> one;
    CHECK(error_of(ends.reader.try_read(one)) == would_block);
  });
}

TEST_CASE("[row 121] the try forms do not wait, and empty buffers ask for nothing") {
  in_io([] {
    auto ends = or_throw(make_pipe());
    std::array<std::byte, 8> buffer;
    CHECK(error_of(ends.reader.try_read(buffer)) == would_block);
    CHECK(ends.reader.read({}) == 0);
    CHECK(ends.reader.try_read({}) == 0);
    CHECK(ends.writer.write({}) == 0);
    CHECK(ends.writer.try_write(bytes_of("text")) == 4);
    or_throw(ends.reader.readable());
    CHECK(ends.reader.try_read(std::span(buffer).first(3)) == 3);
    CHECK(ends.reader.try_read(buffer) == 1);
    or_throw(ends.writer.writable());
    fill(ends.writer);
    CHECK(error_of(ends.writer.try_write(bytes_of("x"))) == would_block);
  });
}

TEST_CASE("[row 121] a stream that ends too early ends read_exact()") {
  in_io([] {
    auto ends = or_throw(make_pipe());
    std::string two(2, '.');
    or_throw(ends.writer.write_all("abc"));
    or_throw(ends.reader.read_exact(bytes_of(two)));
    CHECK(two == "ab");
    ends.writer.close();
    CHECK(error_of(ends.reader.read_exact(bytes_of(two))) == errc::end_of_stream);
  });
}

TEST_CASE("[row 121] lines that several fibers write stay whole") {
  in_io([] {
    auto ends = or_throw(make_pipe());
    std::vector<join_handle<void>> writers;
    for (char name = 'a'; name < 'e'; ++name) {
      writers.push_back(spawn([&, name] {
        const std::string line = std::string(499, name) + '\n';
        for (std::size_t i = 0; i < rounds(200); ++i) {
          CHECK(ends.writer.write(bytes_of(std::string_view(line))) == line.size());
        }
      }));
    }
    auto closer = spawn([&] {
      for (auto& writer : writers) {
        or_throw(writer.join());
      }
      ends.writer.close();
    });
    const std::string all = read_to_end(ends.reader);
    CHECK(all.size() == 4 * rounds(200) * 500);
    for (std::size_t at = 0; at + 500 <= all.size(); at += 500) {
      CHECK(std::string_view(all).substr(at, 500) == std::string(499, all[at]) + '\n');
    }
    or_throw(closer.join());
  });
}

TEST_CASE("[row 125] a write that nobody reads any more fails, and no signal comes") {
  const deadly_sigpipe armed;
  in_io([] {
    auto ends = or_throw(make_pipe());
    fill(ends.writer);
    auto waiter = spawn([&] { return error_of(ends.writer.write_all("x")); });
    (void)sleep_for(settle_time);
    CHECK(!waiter.finished());
    ends.reader.close();
    CHECK(or_throw(waiter.join()) == std::errc::broken_pipe);
    CHECK(error_of(ends.writer.write(bytes_of("x"))) == std::errc::broken_pipe);
    CHECK(error_of(ends.writer.try_write(bytes_of("x"))) == std::errc::broken_pipe);
    CHECK(ends.writer.writable().has_value());
    std::thread([&] {
      CHECK(error_of(ends.writer.write(bytes_of("x"))) == std::errc::broken_pipe);
    }).join();
    CHECK(!sigpipe_pends());
  });
}

TEST_CASE("[row 125] a SIGPIPE that the program itself holds back is left to it") {
  auto ends = or_throw(make_pipe());
  ends.reader.close();
  std::thread([&] {
    sigset_t only_it;
    ::sigemptyset(&only_it);
    ::sigaddset(&only_it, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &only_it, nullptr);
    CHECK(error_of(ends.writer.write(bytes_of("x"))) == std::errc::broken_pipe);
    CHECK(!sigpipe_pends());
    ::pthread_kill(::pthread_self(), SIGPIPE);
    CHECK(error_of(ends.writer.write(bytes_of("x"))) == std::errc::broken_pipe);
    CHECK(sigpipe_pends());
    int taken = 0;
    CHECK(::sigwait(&only_it, &taken) == 0);
  }).join();
}

TEST_CASE("[row 121] plain threads read and write, and block") {
  auto ends = or_throw(make_pipe());
  const std::string text = long_text(200'000);
  std::thread writer([&] {
    CHECK(ends.writer.write_all(text).has_value());
    ends.writer.close();
  });
  CHECK(read_to_end(ends.reader) == text);
  writer.join();
}

TEST_CASE("[row 121] a named pipe is taken over, and a handle given back") {
  const scratch_directory here;
  in_io([&] {
    const std::string path = here / "fifo";
    REQUIRE((::mkfifo(path.c_str(), 0600) == 0 || errno == EEXIST));
    raw_handle out_end(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    raw_handle in_end(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    auto reader = or_throw(io::pipe_reader::adopt(in_end.release()));
    const auto writer = or_throw(io::pipe_writer::adopt(out_end.release()));
    or_throw(writer.write_all("named"));
    std::string got(5, '.');
    or_throw(reader.read_exact(bytes_of(got)));
    CHECK(got == "named");
    CHECK(error_of(reader.try_read(bytes_of(got))) == would_block);
    const raw_handle back(reader.release());
    CHECK(back.get() >= 0);
    CHECK(!reader.is_open());
    CHECK(error_of(io::pipe_reader::adopt(-1)) == std::errc::bad_file_descriptor);
  });
}

TEST_CASE("[row 121] what the system refuses is told, and a short write goes on") {
  in_io([] {
    inject(&no_descriptors);
    CHECK(error_of(make_pipe()) == std::errc::too_many_files_open);
    inject(nullptr);
    auto ends = or_throw(make_pipe());
    inject(&reluctant);
    CHECK(ends.writer.write(bytes_of("0123456789")) == 3);
    CHECK(ends.writer.write_all("3456789").has_value());
    inject(&broken_device);
    CHECK(error_of(ends.writer.write_all("x")) == std::errc::io_error);
    inject(nullptr);
    ends.writer.close();
    CHECK(read_to_end(ends.reader) == "0123456789");
  });
}

TEST_CASE("[row 121] a pipe without ends is a closed one") {
  const io::pipe none;
  std::array<std::byte, 1> one;
  CHECK(error_of(none.reader.read(one)) == errc::closed);
  CHECK(error_of(none.writer.write(one)) == errc::closed);
  CHECK(!none.reader.is_open());
  CHECK(!none.writer.is_open());
}

}  // namespace weft::testing
