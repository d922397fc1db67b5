#include <atomic>
#include <cerrno>
#include <initializer_list>
#include <string>
#include <thread>
#include <utility>

#include <doctest/doctest.h>

#include <weft/io/detail/syscalls.hpp>
#include <weft/net/relay.hpp>

#include "support/tcp_fixture.hpp"

/// relay() where the system refuses its fast way, or takes it in small steps [row 85].
namespace weft::testing {

namespace {

using detail::sys::call;

std::atomic<call> refused{call::ring_enter};
std::atomic<int> with_error{0};
std::atomic<int> granted_first{0};
std::atomic<std::size_t> step{SIZE_MAX};
std::atomic<int> splices{0};

detail::sys::fault misbehave(call which, int, std::size_t) noexcept {
  splices += which == call::splice ? 1 : 0;
  const bool refuses = which == refused && with_error != 0 && granted_first-- <= 0;
  return {.error = refuses ? with_error.load() : 0,
          .limit = which == call::splice ? step.load() : SIZE_MAX};
}

/// The system misbehaves while it lives.
struct misbehaviour {
  misbehaviour() { detail::sys::inject(&misbehave); }
  ~misbehaviour() {
    detail::sys::inject(nullptr);
    with_error = granted_first = splices = 0;
    step = SIZE_MAX;
  }
  void refuse(call which, int error, int after = 0) {
    refused = which;
    granted_first = after;
    with_error = error;
  }
};

/// Whether so much data passes through a relay unchanged.
bool relays(std::size_t size) {
  const connection left = connected();
  const connection right = connected();
  auto relaying = spawn([&] { return relay(left.server, right.client); });
  std::string data(size, '\0');
  for (std::size_t i = 0; i < size; ++i) {
    data[i] = static_cast<char>(i % 251);
  }
  auto sender = spawn([&] {
    or_throw(left.client.write_all(data));
    or_throw(left.client.shutdown(socket_side::write));
  });
  std::string got(size, '.');
  // The relay falls behind, so that it finds much to read.
  (void)sleep_for(settle_time);
  or_throw(right.server.read_exact(bytes_of(got)));
  or_throw(right.server.shutdown(socket_side::write));
  or_throw(sender.join());
  return got == data && relaying.join()->a_to_b == size;
}

}  // namespace

TEST_CASE("much data is relayed without being copied, and little is copied [row 85]") {
  misbehaviour system;
  in_io([] { CHECK(relays(1000)); });
  CHECK(splices == 0);
  in_io([] { CHECK(relays(rounds(20'000'000))); });
  CHECK((splices > 0 || sanitized || !raw::has_splice));
}

TEST_CASE("where splice is refused, first or later, the bytes are copied [row 85]") {
  for (const int error : {EINVAL, ENOSYS}) {
    for (const int after : {0, 1, 2, 3}) {
      misbehaviour system;
      system.refuse(call::splice, error, after);
      in_io([] { CHECK(relays(rounds(10'000'000))); });
    }
  }
}

TEST_CASE("where there is no descriptor left for a pipe, the bytes are copied [row 85]") {
  for (const int error : {EMFILE, ENFILE, ENOMEM}) {
    misbehaviour system;
    system.refuse(call::pipe, error);
    in_io([] { CHECK(relays(rounds(10'000'000))); });
    CHECK(splices == 0);
  }
}

TEST_CASE("splices that move little each, or are interrupted, add up [row 85]") {
  misbehaviour system;
  step = 777;
  in_io([] { CHECK(relays(rounds(3'000'000))); });
  step = SIZE_MAX;
  system.refuse(call::splice, EINTR, 3);
  std::atomic<bool> done{false};
  std::thread calm([&] {
    while (!done) {
      granted_first = 5;  // of the interruptions, some pass
      std::this_thread::sleep_for(1ms);
    }
  });
  in_io([] { CHECK(relays(rounds(3'000'000))); });
  done = true;
  calm.join();
}

TEST_CASE("a reset under a relay of much data ends it with an error and leaves no descriptor") {
  in_io([] {
    for (const bool at_source : {true, false}) {
      if (at_source && !raw::remembers_resets) {
        continue;  // what may be told as the end instead is passed on as the end
      }
      connection left = connected();
      connection right = connected();
      auto relaying = spawn([&] {
        auto ended = relay(left.server, right.client);
        right.client.close();
        return ended;
      });
      auto sender = spawn([&] { (void)left.client.write_all(std::string(64 << 20, 'r')); });
      std::string some(2 << 20, '.');
      or_throw(right.server.read_exact(bytes_of(some)));
      tcp_stream& victim = at_source ? left.client : right.server;
      CHECK(victim.set_linger(0s));
      victim.close();
      // The reset of a source is seen once the destination has taken what came before it.
      while (at_source && right.server.read(bytes_of(some))) {
      }
      CHECK(!relaying.join());
      sender.cancel();
      (void)sender.join();
    }
  });
}

}  // namespace weft::testing
