/// weft.h called from threads of the program's own: signals, and Unix sockets with names.
#include <array>
#include <csignal>
#include <cstdint>
#include <string>

#include <doctest/doctest.h>
#include <pthread.h>
#include <support/patience.hpp>

#include <weft/ffi/weft.h>

#include "threads.hpp"

using weft::testing::rounds;
using namespace weft::c::testing;

TEST_CASE("a classic Unix socket is bound and closed at once") {
  const library running;
  for (std::size_t i = 0; i < rounds(200); ++i) {
    const std::string name = "@weft.ffi." + std::to_string(weft_now());
    bind_and_close(weft_socket(WEFT_LOCAL, WEFT_STREAM, 0), name);
  }
}

TEST_CASE("a signal does not end a thread's wait") {
  const library running;
  struct sigaction nothing{};
  nothing.sa_handler = [](int) {};
  struct sigaction before{};
  REQUIRE(::sigaction(SIGUSR1, &nothing, &before) == 0);
  std::array<weft_handle, 2> pair{};
  REQUIRE(weft_unix_pair(pair.data()) == WEFT_OK);
  {
    threads reader;
    reader.add([&] {
      char one = 0;
      CHECK(weft_read(pair[0], &one, 1, WEFT_FOREVER, WEFT_NONE) == 1);
    });
    for (int i = 0; i < 5; ++i) {
      (void)weft_sleep(WEFT_MILLISECOND, WEFT_NONE);
      ::pthread_kill(reader.back().native_handle(), SIGUSR1);
    }
    CHECK(weft_write(pair[1], "x", 1, WEFT_FOREVER, WEFT_NONE) == 1);
  }
  REQUIRE(::sigaction(SIGUSR1, &before, nullptr) == 0);
}

TEST_CASE("the program's signals go to its own threads") {
  const auto is_blocked = [](int signal) {
    sigset_t now;
    pthread_sigmask(SIG_SETMASK, nullptr, &now);
    return sigismember(&now, signal) == 1;
  };
  const library running;
  CHECK_FALSE(is_blocked(SIGINT));
  CHECK(in_fiber([&]() -> std::int64_t { return is_blocked(SIGINT); }) == 1);
  CHECK(in_fiber([&]() -> std::int64_t { return is_blocked(SIGSEGV); }) == 0);
}
