#pragma once

#include <array>
#include <cstddef>
#include <cstdlib>
#include <string>
#include <string_view>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <weft/io/shared_reader.hpp>
#include <weft/runtime/errc.hpp>
#include <weft/runtime/result.hpp>

#include "support/raw_handles.hpp"

/// Handles as other processes hand them over: they wait, and must still wait afterwards.
namespace weft::testing {

struct plain_pair {
  raw_handle in;
  raw_handle out;
};

inline plain_pair blocking_pipe() {
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
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

inline bool waits(int fd) {
  return (::fcntl(fd, F_GETFL) & O_NONBLOCK) == 0;
}

inline bool type(int fd, std::string_view text) {
  return raw::write(fd, text.data(), text.size()) == static_cast<std::ptrdiff_t>(text.size());
}

inline std::string read_some(const io::shared_reader& from) {
  std::string buffer(4096, '\0');
  buffer.resize(or_throw(from.read(bytes_of(buffer))));
  return buffer;
}

inline result<std::size_t> read_one(const io::shared_reader& from) {
  std::array<std::byte, 1> one;
  return from.read(one);
}

/// Everything up to the end.
inline std::string read_all(const io::shared_reader& from) {
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

}  // namespace weft::testing
