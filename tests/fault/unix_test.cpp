#include <array>
#include <cerrno>
#include <string>

#include <doctest/doctest.h>
#include <unistd.h>

#include <weft/net/unix.hpp>
#include <weft/runtime/explain.hpp>

#include "failing_call.hpp"
#include "support/scratch.hpp"

/// The system misbehaves under Unix sockets.
namespace weft::testing {

TEST_CASE("a Unix sender for whose data there is no room waits and tries again") {
  in_io([] {
    std::array<std::byte, 8> buffer;
    const auto [near, far] = or_throw(unix_datagram::pair());
    const failing full(call::send, EAGAIN, 3);
    CHECK(near.send("pair"));
    CHECK(far.receive(buffer) == 4);
  });
}

TEST_CASE("what a Unix listener runs into surfaces as that error, and leaves no file") {
  in_io([] {
    const scratch_directory home;
    const std::string path = home / "listener";
    for (const int error : {EACCES, EROFS, ENOENT, ENOTDIR, ENOSPC}) {
      const failing system(call::bind, error);
      const std::error_code got = error_of(unix_listener::listen(path));
      CHECK(is_errno(got, error));
      CHECK(explain(got).starts_with("listen " + path + ": "));
    }
    {
      const failing system(call::listen, EADDRINUSE);
      CHECK(!unix_listener::listen(path));
    }
    CHECK(::access(path.c_str(), F_OK) != 0);
    for (const int error : {EMFILE, ENFILE, ENOBUFS}) {
      const failing system(call::socket, error);
      CHECK(is_errno(error_of(unix_listener::listen(path)), error));
      CHECK(is_errno(error_of(unix_stream::connect(path)), error));
      CHECK(is_errno(error_of(unix_datagram::bind(path)), error));
    }
    const auto listener = or_throw(unix_listener::listen(path));
    const auto client = or_throw(unix_stream::connect(path));
    const failing out_of_descriptors(call::accept, EMFILE, 3);
    CHECK(is_errno(error_of(listener.try_accept()), EMFILE));
    CHECK(listener.accept());
  });
}

}  // namespace weft::testing
