#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <weft/io/file_status.hpp>
#include <weft/net/native_unix_endpoint.hpp>
#include <weft/net/unix.hpp>
#include <weft/runtime/explain.hpp>

#include "support/ends_of_wait.hpp"
#include "support/raw_sockets.hpp"
#include "support/scratch.hpp"

namespace weft::testing {

namespace {

/// A file such as a program leaves behind that dies with its listener.
void leave_stale(const std::string& path, int type = SOCK_STREAM) {
  const raw_handle dead(::socket(AF_UNIX, type | SOCK_CLOEXEC, 0));
  const native_unix_endpoint address(or_throw(unix_endpoint::parse(path)));
  REQUIRE(::bind(dead.get(), address.data(), address.size()) == 0);
}

bool exists(const std::string& path) {
  return std::filesystem::exists(std::filesystem::symlink_status(path));
}

unsigned mode_of(const std::string& path) {
  struct stat found{};
  REQUIRE(::stat(path.c_str(), &found) == 0);
  return found.st_mode & 0777;
}

}  // namespace

TEST_CASE("a file that nobody serves any more is replaced [row 107]") {
  in_io([] {
    const scratch_directory scratch;
    const std::string path = scratch / "server";
    leave_stale(path);
    CHECK(error_of(unix_listener::listen(path, {.replace_stale = false})) ==
          std::errc::address_in_use);
    // Where the system counts seconds in 32 bits such a time is too large for some of its calls.
    constexpr wall_time late = std::chrono::sys_days(std::chrono::year(2101) / 2 / 3);
    or_throw(io::set_times(path, {.modified = late}));
    const auto listener = or_throw(unix_listener::listen(path));
    CHECK(unix_stream::connect(path));

    const std::string other = scratch / "datagrams";
    leave_stale(other, SOCK_DGRAM);
    CHECK(unix_datagram::bind(other));
    leave_stale(other, SOCK_STREAM);
    CHECK(unix_datagram::bind(other));
  });
}

TEST_CASE("a path that somebody serves is not taken away [row 107]") {
  in_io([] {
    const scratch_directory scratch;
    const std::string path = scratch / "server";
    const auto first = or_throw(unix_listener::listen(path));
    const std::error_code error = error_of(unix_listener::listen(path));
    CHECK(error == std::errc::address_in_use);
    CHECK(explain(error).starts_with("listen " + path + ": "));
    CHECK(explain(error).ends_with("(another program serves it)"));
    CHECK(error_of(unix_datagram::bind(path)) == std::errc::address_in_use);
    CHECK(unix_stream::connect(path));

    const std::string other = scratch / "datagrams";
    const auto datagrams = or_throw(unix_datagram::bind(other));
    CHECK(error_of(unix_listener::listen(other)) == std::errc::address_in_use);
    CHECK(error_of(unix_datagram::bind(other)) == std::errc::address_in_use);
    CHECK(exists(other));
  });
}

TEST_CASE("a path that is served in another way is not taken away either, and notices nothing") {
  in_io([] {
    const scratch_directory scratch;
    const std::string path = scratch / "server";
    const raw_handle served(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (served.get() < 0) {
      return;  // the system has no such sockets
    }
    const native_unix_endpoint address(or_throw(unix_endpoint::parse(path)));
    REQUIRE(::bind(served.get(), address.data(), address.size()) == 0);
    CHECK(error_of(unix_listener::listen(path)) == std::errc::address_in_use);
    CHECK(exists(path));  // before it listens
    REQUIRE(::listen(served.get(), 1) == 0);
    CHECK(error_of(unix_listener::listen(path)) == std::errc::address_in_use);
    CHECK(error_of(unix_datagram::bind(path)) == std::errc::address_in_use);
    CHECK(exists(path));
    CHECK(::accept(served.get(), nullptr, nullptr) < 0);
  });
}

TEST_CASE("a file that is no socket is left alone [row 107]") {
  in_io([] {
    const scratch_directory scratch;
    const std::string path = scratch / "precious";
    std::ofstream(path) << "data";
    const std::error_code error = error_of(unix_listener::listen(path));
    CHECK(error == std::errc::not_a_socket);
    CHECK(explain(error).ends_with("left alone)"));
    CHECK(std::filesystem::file_size(path) == 4);
    std::filesystem::create_symlink(path, scratch / "link");
    CHECK(!unix_listener::listen(scratch / "link"));
    CHECK(std::filesystem::is_symlink(scratch / "link"));
    CHECK(error_of(unix_listener::listen(scratch / "no/such/directory")) ==
          std::errc::no_such_file_or_directory);
    CHECK(error_of(unix_listener::listen(std::string(200, 'x'))) == std::errc::filename_too_long);
  });
}

TEST_CASE("the file goes with its listener, however that ends [row 107]") {
  in_io([] {
    const scratch_directory scratch;
    const std::string path = scratch / "server";
    {
      auto listener = or_throw(unix_listener::listen(path));
      CHECK(exists(path));
      listener.close();
      CHECK(!exists(path));
      listener.close();
      CHECK(error_of(listener.accept()) == errc::closed);
    }
    {
      unix_listener kept;
      {
        auto listener = or_throw(unix_listener::listen(path));
        kept = std::move(listener);
      }
      CHECK(exists(path));
      CHECK(unix_stream::connect(path));
    }
    CHECK(!exists(path));
    {
      const auto datagrams = or_throw(unix_datagram::bind(path));
      CHECK(exists(path));
    }
    CHECK(!exists(path));
  });
}

TEST_CASE("a listener does not remove the file of another that has taken its place [row 107]") {
  in_io([] {
    const scratch_directory scratch;
    const std::string path = scratch / "server";
    auto first = or_throw(unix_listener::listen(path));
    std::filesystem::remove(path);
    const auto second = or_throw(unix_listener::listen(path));
    first.close();
    CHECK(exists(path));
    CHECK(unix_stream::connect(path));
  });
}

TEST_CASE("a listener that is handed on leaves its file, and one that was taken over too") {
  in_io([] {
    const scratch_directory scratch;
    const std::string path = scratch / "server";
    auto first = or_throw(unix_listener::listen(path));
    {
      const auto second = unix_listener::from(or_throw(io::descriptor::adopt(first.release())));
      CHECK(exists(path));
      const auto client = or_throw(unix_stream::connect(path));
      CHECK(second.accept());
    }
    CHECK(exists(path));
  });
}

TEST_CASE("the file has the permissions that were asked for, whatever the umask [row 107]") {
  in_io([] {
    const scratch_directory scratch;
    const mode_t before = ::umask(077);
    for (const unsigned mode : {0600U, 0660U, 0666U, 0777U}) {
      const std::string path = scratch / std::to_string(mode);
      const auto listener = or_throw(unix_listener::listen(path, {.mode = mode}));
      CHECK(mode_of(path) == mode);
      CHECK(unix_stream::connect(path));
    }
    const auto plain = or_throw(unix_listener::listen(scratch / "plain"));
    CHECK(mode_of(scratch / "plain") == 0700);
    ::umask(before);
    const auto named =
        unix_listener::listen("@weft-mode-" + std::to_string(::getpid()), {.mode = 0600});
    CHECK(named);
  });
}

TEST_CASE("of several that replace a stale file at once, one succeeds [row 107]") {
  in_io([] {
    const scratch_directory scratch;
    const std::string path = scratch / "server";
    for (int round = 0; round < 3; ++round) {
      leave_stale(path);
      std::vector<join_handle<unix_listener>> rivals;
      for (int i = 0; i < 4; ++i) {
        rivals.push_back(spawn([&] { return unix_listener::listen(path, {.patience = 20ms}); }));
      }
      std::vector<unix_listener> winners;
      for (auto& rival : rivals) {
        auto made = rival.join();
        if (made) {
          winners.push_back(std::move(*made));
        } else {
          CHECK(error_of(made) == std::errc::address_in_use);
        }
      }
      REQUIRE(winners.size() == 1);
      CHECK(unix_stream::connect(path));
    }
  });
}

}  // namespace weft::testing
