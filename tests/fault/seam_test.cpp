#include <array>
#include <cerrno>
#include <initializer_list>
#include <string>
#include <utility>

#include <doctest/doctest.h>

#include <weft/net/tcp.hpp>
#include <weft/runtime/explain.hpp>

#include "misbehaviour.hpp"

/// The system misbehaves at the seam where it is called: every error surfaces as what it is, and
/// what a program need not know of it does not hear of.
namespace weft::testing {

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

}  // namespace weft::testing
