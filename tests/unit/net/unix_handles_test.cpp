#include <array>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <weft/net/unix.hpp>

#include "support/ends_of_wait.hpp"
#include "support/raw_sockets.hpp"

namespace weft::testing {

namespace {

/// A pipe whose ends are passed about.
struct raw_pipe {
  raw_handle out;
  raw_handle in;

  raw_pipe() {
    std::array<int, 2> ends{};
    REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
    out = raw_handle(ends[0]);
    in = raw_handle(ends[1]);
  }
};

bool is_same_file(int a, int b) {
  struct stat one{};
  struct stat two{};
  return ::fstat(a, &one) == 0 && ::fstat(b, &two) == 0 && one.st_dev == two.st_dev &&
         one.st_ino == two.st_ino;
}

bool closes_on_exec(int fd) {
  return (::fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0;
}

/// Runs `f` on a pair of streams and on a pair of datagram sockets.
template <class F>
void with_each_kind(F f) {
  in_io([&f] {
    f(or_throw(unix_stream::pair()));
    f(or_throw(unix_datagram::pair()));
  });
}

}  // namespace

TEST_CASE("handles travel with the data, and are the receiver's own [row 110]") {
  with_each_kind([](const auto& ends) {
    const auto& [one, two] = ends;
    raw_pipe passed;
    const std::array handles{passed.out.get(), passed.in.get()};
    CHECK(one.send_handles(bytes_of("two ends"), handles));
    std::array<std::byte, 16> buffer;
    std::array<owned_handle, 4> room;
    const auto got = or_throw(two.receive_handles(buffer, room));
    CHECK(got.size == 8);
    CHECK(got.handles == 2);
    CHECK(!got.handles_lost);
    CHECK(!got.truncated);
    CHECK(is_same_file(room[0].native_handle(), passed.out.get()));
    CHECK(is_same_file(room[1].native_handle(), passed.in.get()));
    CHECK(room[0].native_handle() != passed.out.get());
    CHECK(closes_on_exec(room[0].native_handle()));
    CHECK(closes_on_exec(room[1].native_handle()));
    CHECK(!room[2]);

    passed.out.close();
    passed.in.close();
    CHECK(::write(room[1].native_handle(), "alive", 5) == 5);
    std::array<char, 8> text;
    CHECK(::read(room[0].native_handle(), text.data(), text.size()) == 5);
  });
}

TEST_CASE("a socket that was passed is used as any other [row 110]") {
  in_io([] {
    const auto [one, two] = or_throw(unix_stream::pair());
    auto [inner, other] = or_throw(unix_stream::pair());
    const std::array handles{inner.descriptor().native_handle()};
    CHECK(one.send_handles(bytes_of("x"), handles));
    inner.close();
    std::array<std::byte, 1> byte;
    std::array<owned_handle, 1> room;
    CHECK(or_throw(two.receive_handles(byte, room)).handles == 1);
    const auto taken = unix_stream::from(or_throw(io::descriptor::adopt(room[0].release())));
    auto reader = spawn([&] { return taken.read(byte); });
    (void)sleep_for(settle_time);
    CHECK(other.write_all("y"));
    CHECK(reader.join() == 1);
  });
}

TEST_CASE("of handles that there is no room for, none leaks [row 110]") {
  with_each_kind([](const auto& ends) {
    const auto& [one, two] = ends;
    const raw_pipe passed;
    const int before = open_descriptors();
    std::array<std::byte, 16> buffer;
    for (const std::size_t sent : {1U, 2U, 5U, 253U}) {
      for (const std::size_t places : {0U, 1U, 2U, 4U}) {
        const std::vector<int> handles(sent, passed.out.get());
        CHECK(one.send_handles(bytes_of("x"), handles));
        std::vector<owned_handle> room(places);
        const auto got = or_throw(two.receive_handles(buffer, room));
        CHECK(got.size == 1);
        CHECK(got.handles == std::min(sent, places));
        CHECK(got.handles_lost == (sent > places));
        for (std::size_t i = 0; i < got.handles; ++i) {
          CHECK(is_same_file(room[i].native_handle(), passed.out.get()));
        }
      }
    }
    CHECK(open_descriptors() == before);
  });
}

TEST_CASE("a receiver that does not ask for handles gets none [row 110]") {
  in_io([] {
    const auto [one, two] = or_throw(unix_stream::pair());
    const raw_pipe passed;
    const std::array handles{passed.out.get()};
    const int before = open_descriptors();
    CHECK(one.send_handles(bytes_of("plain"), handles));
    std::array<std::byte, 8> buffer;
    CHECK(two.read(buffer) == 5);
    CHECK(open_descriptors() == before);
  });
}

TEST_CASE("a datagram that is cut off still brings its handles [row 110]") {
  in_io([] {
    const auto [one, two] = or_throw(unix_datagram::pair());
    const raw_pipe passed;
    const std::array handles{passed.out.get()};
    CHECK(one.send_handles(bytes_of("too long"), handles));
    CHECK(one.send_handles({}, handles));
    std::array<std::byte, 3> buffer;
    std::array<owned_handle, 2> room;
    const auto cut = or_throw(two.receive_handles(buffer, room));
    CHECK(cut.size == 3);
    CHECK(cut.truncated);
    CHECK(cut.handles == 1);
    const auto empty = or_throw(two.receive_handles(buffer, room));
    CHECK(empty.size == 0);
    CHECK(empty.handles == 1);
  });
}

TEST_CASE("the end of a stream, and data without handles, are what they are [row 110]") {
  in_io([] {
    auto [one, two] = or_throw(unix_stream::pair());
    std::array<std::byte, 8> buffer;
    std::array<owned_handle, 1> room;
    CHECK(one.write_all("plain"));
    const auto got = or_throw(two.receive_handles(buffer, room));
    CHECK(got.size == 5);
    CHECK(got.handles == 0);
    CHECK(!got.handles_lost);
    const auto invalid = std::errc::invalid_argument;
    const std::vector<int> many(254, 0);
    CHECK(error_of(one.send_handles({}, many)) == invalid);
    CHECK(error_of(one.send_handles(bytes_of("x"), many)) == invalid);
    CHECK(error_of(two.receive_handles({}, room)) == invalid);
    one.close();
    CHECK(error_of(two.receive_handles(buffer, room)) == errc::end_of_stream);
    const std::array bad{987'654};
    CHECK(error_of(two.send_handles(bytes_of("x"), bad)) == std::errc::bad_file_descriptor);
  });
}

TEST_CASE("a receiver that may open no more loses handles, and says so [row 110]") {
  with_each_kind([](const auto& ends) {
    const auto& [one, two] = ends;
    const raw_pipe passed;
    const std::vector<int> handles(8, passed.out.get());
    CHECK(one.send_handles(bytes_of("x"), handles));
    const int before = open_descriptors();
    const int next = ::dup(passed.out.get());
    ::close(next);
    rlimit normal{};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &normal) == 0);
    const rlimit tight{.rlim_cur = static_cast<rlim_t>(next) + 3, .rlim_max = normal.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &tight) == 0);
    std::array<std::byte, 8> buffer;
    std::array<owned_handle, 8> room;
    const auto got = two.receive_handles(buffer, room);
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &normal) == 0);
    REQUIRE(got);
    CHECK(got->size == 1);
    CHECK(got->handles < 8);
    CHECK(got->handles_lost);
    for (owned_handle& handle : room) {
      handle.close();
    }
    CHECK(open_descriptors() == before);
  });
}

}  // namespace weft::testing
