#pragma once

#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <system_error>

#include <doctest/doctest.h>

#include <weft/io/detail/syscalls.hpp>
#include <weft/net/tcp.hpp>

#include "support/io_fixture.hpp"
#include "support/raw_sockets.hpp"

/// A system that fails as planned, and what it must not be noticed by.
namespace weft::testing {

namespace sys = weft::detail::sys;
using sys::call;

/// What becomes of one kind of call.
struct plan {
  std::atomic<int> error{0};
  std::atomic<int> pass{0};    ///< so many calls succeed first
  std::atomic<int> period{1};  ///< then every call fails, but for one in so many if more than 1
  std::atomic<std::size_t> limit{SIZE_MAX};
  std::atomic<int> calls{0};
};

inline constexpr auto last_call = static_cast<std::size_t>(call::ring_enter);
inline std::array<plan, last_call + 1> plans;

inline plan& plan_of(call which) {
  return plans[static_cast<std::size_t>(which)];
}

inline sys::fault misbehave(call which, int, std::size_t) noexcept {
  plan& made = plan_of(which);
  const int number = made.calls++;
  const int period = made.period;
  const bool fails = number >= made.pass && (period == 1 || (number + 1) % period != 0);
  return {.error = fails ? made.error.load() : 0, .limit = made.limit};
}

/// The system misbehaves as planned while it lives.
class misbehaviour {
 public:
  misbehaviour() { sys::inject(&misbehave); }
  ~misbehaviour() {
    sys::inject(nullptr);
    for (plan& made : plans) {
      made.error = made.pass = made.calls = 0;
      made.period = 1;
      made.limit = SIZE_MAX;
    }
  }
  misbehaviour(const misbehaviour&) = delete;
  misbehaviour& operator=(const misbehaviour&) = delete;

  void fail(call which, int error) { plan_of(which).error = error; }
  void fail_after(int pass, call which, int error) {
    plan_of(which).pass = pass;
    fail(which, error);
  }
  /// Two of three calls are interrupted.
  void interrupt(call which) {
    plan_of(which).period = 3;
    fail(which, EINTR);
  }
  void limit(call which, std::size_t most) { plan_of(which).limit = most; }
  int calls(call which) const { return plan_of(which).calls; }
};

inline bool is_errno(std::error_code error, int number) {
  return error == std::error_condition(number, std::generic_category());
}

template <class Call>
void expect_errors(call which, std::initializer_list<int> numbers, Call make_call) {
  for (const int number : numbers) {
    std::error_code error;
    {
      misbehaviour system;
      system.fail(which, number);
      error = make_call();
    }
    CHECK_MESSAGE(is_errno(error, number), error.message(), " for ", number);
  }
}

/// A server and a client in fibers of their own: everything that TCP calls.
inline bool echoes(const std::string& text) {
  const auto listener = or_throw(listen("127.0.0.1:0"));
  auto server = spawn([&] {
    const auto peer = or_throw(listener.accept());
    std::array<std::byte, 512> buffer;
    while (const auto n = peer.read(buffer)) {
      or_throw(peer.write_all(std::span(buffer).first(*n)));
    }
    or_throw(peer.shutdown(socket_side::write));
  });
  const auto client = or_throw(connect(*listener.local_endpoint()));
  auto sender = spawn([&] {
    or_throw(client.write_all(text));
    or_throw(client.shutdown(socket_side::write));
  });
  std::string received(text.size(), '\0');
  or_throw(client.read_exact(bytes_of(received)));
  or_throw(sender.join());
  or_throw(server.join());
  return received == text;
}

inline std::string sample(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) {
    text[i] = static_cast<char>('a' + i % 23);
  }
  return text;
}

}  // namespace weft::testing
