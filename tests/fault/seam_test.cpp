#include <array>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <initializer_list>
#include <string>
#include <utility>

#include <doctest/doctest.h>
#include <unistd.h>

#include <weft/io/detail/syscalls.hpp>
#include <weft/net/tcp.hpp>
#include <weft/runtime/explain.hpp>

#include "support/io_fixture.hpp"
#include "support/raw_sockets.hpp"

/// The system misbehaves at the seam where it is called: every error surfaces as what it is, and
/// what a program need not know of it does not hear of.
namespace weft::testing {

namespace {

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

constexpr auto last_call = static_cast<std::size_t>(call::ring_enter);
std::array<plan, last_call + 1> plans;

plan& plan_of(call which) {
  return plans[static_cast<std::size_t>(which)];
}

sys::fault misbehave(call which, int, std::size_t) noexcept {
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

bool is_errno(std::error_code error, int number) {
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
bool echoes(const std::string& text) {
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

std::string sample(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) {
    text[i] = static_cast<char>('a' + i % 23);
  }
  return text;
}

/// Runs `f` and returns what went to standard error meanwhile.
template <class F>
std::string captured_stderr(F f) {
  std::FILE* const file = std::tmpfile();
  REQUIRE(file);
  std::fflush(stderr);
  const raw_handle before(::dup(STDERR_FILENO));
  ::dup2(::fileno(file), STDERR_FILENO);
  f();
  std::fflush(stderr);
  ::dup2(before.get(), STDERR_FILENO);
  std::string text(static_cast<std::size_t>(::lseek(::fileno(file), 0, SEEK_END)), '\0');
  const auto read = ::pread(::fileno(file), text.data(), text.size(), 0);
  CHECK(static_cast<std::size_t>(read) == text.size());
  std::fclose(file);
  return text;
}

/// WEFT_BACKEND is not set while it lives.
class free_choice {
 public:
  free_choice() : is_set_(std::getenv(name)), before_(is_set_ ? std::getenv(name) : "") {
    ::unsetenv(name);
  }
  ~free_choice() {
    if (is_set_) {
      ::setenv(name, before_.c_str(), 1);
    }
  }
  free_choice(const free_choice&) = delete;
  free_choice& operator=(const free_choice&) = delete;

 private:
  static constexpr const char* name = "WEFT_BACKEND";
  const bool is_set_;
  const std::string before_;
};

}  // namespace

TEST_CASE("calls that are interrupted again and again are repeated unnoticed") {
  misbehaviour system;
  for (const call which :
       {call::socket, call::bind, call::listen, call::accept, call::connect, call::shutdown,
        call::receive, call::send, call::receive_message, call::send_message, call::poll,
        call::set_option, call::local_name, call::epoll_wait}) {
    system.interrupt(which);
  }
  in_io([] { CHECK(echoes(sample(20'000))); });
  CHECK(system.calls(call::receive) > 3);
}

TEST_CASE("transfers of one byte at a time add up") {
  misbehaviour system;
  system.limit(call::receive, 1);
  system.limit(call::send, 1);
  in_io([] { CHECK(echoes(sample(rounds(3000)))); });
}

TEST_CASE("short and interrupted transfers together add up") {
  misbehaviour system;
  for (const call which : {call::receive, call::send}) {
    system.limit(which, 7);
    system.interrupt(which);
  }
  in_io([] { CHECK(echoes(sample(rounds(10'000)))); });
}

TEST_CASE("what listen() runs into surfaces as that error, with the address") {
  in_io([] {
    const auto listening = [] {
      const std::error_code error = error_of(listen("127.0.0.1:0"));
      CHECK(explain(error).starts_with("listen 127.0.0.1:0: " + error.message()));
      return error;
    };
    expect_errors(call::socket, {EMFILE, ENFILE, ENOBUFS, ENOMEM, EACCES, EAFNOSUPPORT}, listening);
    expect_errors(call::set_option, {ENOMEM, EPERM}, listening);
    expect_errors(call::bind, {EADDRINUSE, EADDRNOTAVAIL, EACCES}, listening);
    expect_errors(call::listen, {EADDRINUSE, EOPNOTSUPP}, listening);
  });
}

TEST_CASE("what connect() runs into surfaces as that error, with the address") {
  in_io([] {
    const auto listener = or_throw(listen("127.0.0.1:0"));
    const std::string where = listener.local_endpoint()->to_string();
    const auto connecting = [&] {
      const std::error_code error = error_of(connect(where));
      CHECK(explain(error).starts_with("connect " + where + ": " + error.message()));
      return error;
    };
    expect_errors(call::socket, {EMFILE, ENFILE, ENOBUFS, ENOMEM}, connecting);
    expect_errors(call::set_option, {ENOMEM}, connecting);
    expect_errors(
        call::connect,
        {ECONNREFUSED, ENETUNREACH, EHOSTUNREACH, ETIMEDOUT, EADDRNOTAVAIL, EACCES, ENETDOWN},
        connecting);
    CHECK(error_of(listener.try_accept()) == std::errc::operation_would_block);
  });
}

TEST_CASE("what a transfer runs into surfaces as that error, and the stream works on") {
  in_io([] {
    raw_pair ends = tcp_pair();
    const tcp_stream near = stream_on(std::move(ends.near));
    std::array<std::byte, 4> buffer;
    const std::array<std::span<std::byte>, 1> parts{buffer};
    const std::array<std::span<const std::byte>, 1> data{bytes_of("ping")};
    const auto bad = {ECONNRESET, ETIMEDOUT, EHOSTUNREACH, ENOMEM, ENOBUFS, EIO};
    expect_errors(call::receive, bad, [&] { return error_of(near.read(buffer)); });
    expect_errors(call::receive, bad, [&] { return error_of(near.try_read(buffer)); });
    expect_errors(call::receive_message, bad, [&] { return error_of(near.read_vectored(parts)); });
    expect_errors(call::send, {ECONNRESET, EPIPE, ENOBUFS, ENOMEM},
                  [&] { return error_of(near.write_all("ping")); });
    expect_errors(call::send_message, {ECONNRESET, EPIPE, ENOBUFS, ENOMEM},
                  [&] { return error_of(near.write_vectored(data)); });
    CHECK(receive_now(ends.far.get()).empty());
    CHECK(near.write_all("ping"));
    CHECK(send_now(ends.far.get(), "pong"));
    CHECK(near.read_exact(buffer));
  });
}

TEST_CASE("a listener that is broken says so; a peer that gave up is skipped") {
  in_io([] {
    const auto listener = or_throw(listen("127.0.0.1:0"));
    const auto accepting = [&] { return error_of(listener.accept()); };
    expect_errors(call::accept, {EINVAL, EOPNOTSUPP, EPERM}, accepting);
    expect_errors(call::accept, {EMFILE, ENFILE, ENOBUFS, ENOMEM},
                  [&] { return error_of(listener.try_accept()); });
    const auto client = or_throw(connect(*listener.local_endpoint()));
    for (const int given_up : {ECONNABORTED, EPROTO}) {
      misbehaviour system;
      system.fail(call::accept, given_up);
      plan_of(call::accept).period = 4;
      if (given_up == ECONNABORTED) {
        CHECK(listener.accept());
      } else {
        CHECK(error_of(listener.try_accept()) == std::errc::operation_would_block);
      }
      CHECK(system.calls(call::accept) == 4);
    }
  });
}

TEST_CASE("a server without descriptors tries again ever more rarely, and serves on") {
  for (const int error : {EMFILE, ENFILE, ENOBUFS, ENOMEM}) {
    in_io([error] {
      const auto listener = or_throw(listen("127.0.0.1:0"));
      const auto client = or_throw(connect(*listener.local_endpoint()));
      misbehaviour system;
      system.fail(call::accept, error);
      const auto start = clock::now();
      auto server = spawn([&] { return listener.accept(); });
      while (system.calls(call::accept) < 4) {
        (void)sleep_for(1ms);
      }
      CHECK(clock::now() - start >= 35ms);  // 5, 10 and 20
      CHECK(!server.finished());
      system.fail(call::accept, 0);
      const auto peer = server.join();
      CHECK(peer);
      CHECK(system.calls(call::accept) <= 6);
    });
  }
}

TEST_CASE("a descriptor that cannot be watched fails its call only") {
  in_io([] {
    if (io::current_backend() != io::backend_kind::epoll) {
      return;
    }
    raw_pair ends = tcp_pair();
    const tcp_stream near = stream_on(std::move(ends.near));
    std::array<std::byte, 4> buffer;
    expect_errors(call::epoll_control, {ENOSPC, ENOMEM},
                  [&] { return error_of(near.read(buffer)); });
    auto reader = spawn([&] { return near.read_exact(buffer); });
    (void)sleep_for(settle_time);
    CHECK(send_now(ends.far.get(), "ping"));
    CHECK(reader.join());
  });
}

TEST_CASE("where io_uring is refused, epoll serves, and one line says why [row 76]") {
  const free_choice unset;
  for (const int refusal : {ENOSYS, EPERM, EACCES, EINVAL, ENOMEM}) {
    misbehaviour system;
    system.fail(call::ring_setup, refusal);
    const std::string message = std::error_code(refusal, std::system_category()).message();
    const std::string said = captured_stderr([&] {
      io::backend_choice choice;
      in_fiber(
          [] {
            CHECK(io::current_backend() == io::backend_kind::epoll);
            CHECK(echoes(sample(1000)));
          },
          or_throw(io::with_io({.workers = 2}, &choice)));
      CHECK(choice.kind == io::backend_kind::epoll);
      CHECK(choice.reason.find(message) != std::string::npos);
    });
    CHECK(said == "weft: io_uring is not to be had here (" + message + "); using epoll\n");
  }
}

TEST_CASE("where io_uring and epoll are refused, poll serves, and the line says why [row 80]") {
  const free_choice unset;
  misbehaviour system;
  system.fail(call::ring_setup, ENOSYS);
  system.fail(call::epoll_create, EPERM);
  const std::string said = captured_stderr([] {
    in_fiber(
        [] {
          CHECK(io::current_backend() == io::backend_kind::poll);
          CHECK(echoes(sample(1000)));
        },
        or_throw(io::with_io({.workers = 2})));
  });
  CHECK(said ==
        "weft: io_uring is not to be had here (Function not implemented), epoll is not to be had "
        "here (Operation not permitted); using poll\n");
}

TEST_CASE("a ring that only the second worker is refused is made up for by epoll [row 76]") {
  if (!io::make_drivers(io::backend_kind::io_uring)) {
    return;
  }
  misbehaviour system;
  system.fail_after(1, call::ring_setup, ENOMEM);
  const std::string said = captured_stderr([] {
    for (const scheduling mode : {scheduling::work_stealing, scheduling::pinned}) {
      run_in({.name = {}, .backend = io::backend_kind::io_uring, .workers = 2, .mode = mode}, [] {
        for (int i = 0; i < 20; ++i) {
          CHECK(echoes(sample(1000)));
        }
      });
      plan_of(call::ring_setup).calls = 0;
    }
  });
  CHECK(said.empty());
}

TEST_CASE("a backend that was asked for by name and is refused is an error that names it") {
  misbehaviour system;
  system.fail(call::ring_setup, EPERM);
  const auto refused = io::with_io({.backend = io::backend_kind::io_uring});
  CHECK(error_of(refused) == std::errc::operation_not_permitted);
  CHECK(explain(error_of(refused)).starts_with("backend io_uring: "));
  for (const call which : {call::epoll_create, call::event_fd, call::epoll_control}) {
    misbehaviour other;
    other.fail(which, EMFILE);
    const int before = open_descriptors();
    const auto none = io::with_io({.backend = io::backend_kind::epoll});
    CHECK(error_of(none) == std::errc::too_many_files_open);
    CHECK(explain(error_of(none)).starts_with("backend epoll: "));
    CHECK(open_descriptors() == before);
  }
  misbehaviour third;
  third.fail(call::wake_pipe, EMFILE);
  CHECK(error_of(io::with_io({.backend = io::backend_kind::poll})) ==
        std::errc::too_many_files_open);
}

}  // namespace weft::testing
