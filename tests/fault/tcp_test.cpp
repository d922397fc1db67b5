#include <array>
#include <atomic>
#include <cerrno>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <weft/io/detail/syscalls.hpp>
#include <weft/net/tcp.hpp>
#include <weft/net/udp.hpp>
#include <weft/runtime/yield.hpp>

#include "support/tcp_fixture.hpp"

/// Connections that end badly: closed under their users, reset at each step, never read from.
namespace weft::testing {

namespace {

bool is_end(std::error_code error) {
  return error == errc::end_of_stream || error == std::errc::connection_reset ||
         error == std::errc::broken_pipe || error == std::errc::not_connected;
}

/// A connection whose client ends it with a reset when `step` says so.
void reset_at(int step) {
  auto listener = or_throw(listen("127.0.0.1:0"));
  auto client = or_throw(connect(*listener.local_endpoint()));
  CHECK(client.set_linger(0s));
  const auto at = [&](int now) {
    if (now == step) {
      client.close();
    }
  };
  at(0);  // before it is accepted
  if (step == 0 && !raw::accepts_what_has_ended) {
    const auto next = or_throw(connect(*listener.local_endpoint()));
    CHECK(listener.accept());  // of either: the one that has ended may be passed over
    return;
  }
  auto server = listener.accept();
  if (!server) {
    return;
  }
  at(1);  // before a byte was sent
  (void)client.write_all("0123456789");
  at(2);  // with bytes that are under way
  std::array<std::byte, 4> buffer;
  if (auto read = server->read_exact(buffer); !read) {
    CHECK(is_end(read.error()));
    return;
  }
  at(3);  // with bytes that are not read yet
  auto written = server->write_all(std::string(100'000, 'w'));
  at(4);  // with bytes that the client has not read
  auto shut = server->shutdown(socket_side::write);
  at(5);  // when one direction has ended
  std::error_code last;
  while (!last) {
    std::array<std::byte, 64> rest;
    timeout_scope limit{promptly};
    if (step >= 6) {
      client.close();
    }
    last = error_of(server->read(rest));
  }
  CHECK(is_end(last));
  CHECK((written || is_end(written.error())));
  CHECK((shut || is_end(shut.error())));
}

}  // namespace

TEST_CASE("a peer that resets the connection at any step is an end, never a hang or a crash") {
  in_io([] {
    for (int step = 0; step <= 6; ++step) {
      for (int i = 0; i < static_cast<int>(rounds(20)); ++i) {
        reset_at(step);
      }
    }
  });
}

TEST_CASE("closing ends 1 to 8 fibers that wait in each direction, at once [row 97]") {
  in_io([] {
    for (int count = 1; count <= 8; ++count) {
      connection both = connected();
      (void)fill(both.client);
      std::atomic<int> closed{0};
      std::vector<join_handle<void>> users;
      const std::string block(64 * 1024 * 1024, 'w');
      for (int i = 0; i < count; ++i) {
        users.push_back(spawn([&] {
          std::array<std::byte, 8> buffer;
          closed += error_of(both.client.read(buffer)) == errc::closed ? 1 : 0;
        }));
        users.push_back(spawn(
            [&] { closed += error_of(both.client.write_all(block)) == errc::closed ? 1 : 0; }));
      }
      (void)sleep_for(settle_time);
      both.client.close();
      for (auto& user : users) {
        CHECK(user.join());
      }
      CHECK(closed == 2 * count);
    }
  });
}

TEST_CASE("a peer that never reads is left when the time is up, and the writer knows [row 89]") {
  in_io([] {
    const connection both = connected();
    const std::string much(64 * 1024 * 1024, 'w');
    {
      timeout_scope limit{20ms};
      CHECK(error_of(both.client.write_all(much)) == errc::timed_out);
      CHECK(limit.is_expired());
    }
    const std::array<std::span<const std::byte>, 1> parts{bytes_of(std::string_view(much))};
    {
      timeout_scope limit{5ms};
      CHECK(error_of(both.client.write_all_vectored(parts)) == errc::timed_out);
    }
  });
}

TEST_CASE("a call on a closed stream never reaches the descriptor that has its number now") {
  in_io([] {
    for (int i = 0; i < static_cast<int>(rounds(200)); ++i) {
      connection old = connected();
      std::atomic<bool> stop{false};
      std::atomic<int> strays{0};
      auto user = spawn([&] {
        while (!stop) {
          const auto written = old.client.try_write(bytes_of("old"));
          strays += !written && written.error() != errc::closed && written.error() != would_block;
          (void)old.client.set_tos(0);
          yield();
        }
      });
      (void)sleep_for(50us);
      old.client.close();
      raw_pair fresh = tcp_pair();  // takes the number over
      (void)sleep_for(50us);
      CHECK(receive_now(fresh.far.get()).empty());
      stop = true;
      CHECK(user.join());
      CHECK(strays == 0);
    }
  });
}

TEST_CASE("one byte at a time, interrupted again and again, everything arrives") {
  static std::atomic<int> calls;
  detail::sys::inject([](detail::sys::call which, int, std::size_t) noexcept {
    const bool transfer = which == detail::sys::call::receive || which == detail::sys::call::send ||
                          which == detail::sys::call::receive_message ||
                          which == detail::sys::call::send_message;
    return detail::sys::fault{.error = transfer && ++calls % 3 != 0 ? EINTR : 0,
                              .limit = transfer ? 1 : SIZE_MAX};
  });
  in_io([] {
    const connection both = connected();
    const std::string text(rounds(2000), 'x');
    const std::array<std::span<const std::byte>, 2> parts{bytes_of("head"), bytes_of("tail")};
    auto writer = spawn([&] {
      or_throw(both.client.write_all(text));
      or_throw(both.client.write_all_vectored(parts));
      or_throw(both.client.shutdown(socket_side::write));
    });
    CHECK(read_text(both.server, text.size()) == text);
    std::string peeked(1, '.');
    CHECK(both.server.peek(bytes_of(peeked)) == 1);
    CHECK(read_text(both.server, 8) == "headtail");
    CHECK(read_error(both.server) == errc::end_of_stream);
    CHECK(writer.join());
  });
  detail::sys::inject(nullptr);
}

TEST_CASE("what setting up a socket runs into surfaces, and leaves no descriptor") {
  using detail::sys::call;
  static std::atomic<call> broken;
  for (const call which : {call::socket, call::bind, call::listen, call::set_option}) {
    broken = which;
    in_io([] {
      detail::sys::inject([](call made, int, std::size_t) noexcept {
        return detail::sys::fault{.error = made == broken ? ENOMEM : 0};
      });
      const int before = open_descriptors();
      CHECK(error_of(listen("127.0.0.1:0", {.ttl = 9})) == std::errc::not_enough_memory);
      const endpoint source = endpoint::loopback_v4(0);
      if (broken != call::listen) {
        CHECK(error_of(connect(endpoint::loopback_v4(1), {.ttl = 9, .source = source})) ==
              std::errc::not_enough_memory);
      }
      CHECK(open_descriptors() == before);
      detail::sys::inject(nullptr);
    });
  }
}

namespace {

/// Of the calls that set an option, the one with this number fails; below zero: none.
std::atomic<int> options_until_failure{-1};

detail::sys::fault lack_one_option(detail::sys::call which, int, std::size_t) noexcept {
  const bool hit =
      which == detail::sys::call::set_option && options_until_failure.fetch_sub(1) == 0;
  return {.error = hit ? ENOPROTOOPT : 0};
}

/// How many options `make()` sets; it must fail whichever of them is lacking.
template <class Make>
int options_needed(Make make) {
  for (int n = 0;; ++n) {
    options_until_failure = n;
    detail::sys::inject(&lack_one_option);
    const auto error = error_of(make());
    const bool failed = options_until_failure < 0;
    detail::sys::inject(nullptr);
    if (!failed) {
      CHECK(!error);
      return n;
    }
    CHECK(error == std::errc::operation_not_supported);
  }
}

}  // namespace

TEST_CASE("listen(), connect() and bind() pass over none of the options that they are given") {
  in_io([] {
    constexpr bool all = raw::has_all_options;
    listen_options incoming{
        .send_buffer = 30'000, .receive_buffer = 30'000, .linger = 1s, .ttl = 5};
    connect_options outgoing{
        .send_buffer = 30'000, .receive_buffer = 30'000, .linger = 1s, .ttl = 5};
    udp_options datagrams{
        .reuse_address = true, .broadcast = true, .receive_buffer = 30'000, .send_buffer = 30'000};
    if (all) {
      incoming.reuse_port = datagrams.reuse_port = true;
      incoming.keep_alive = outgoing.keep_alive = keep_alive_times{};
      incoming.tos = outgoing.tos = 8;
      incoming.user_timeout = outgoing.user_timeout = 1s;
      incoming.fast_open_queue = 5;
      incoming.defer_accept = 1s;
    }
    CHECK(options_needed([&] { return listen("127.0.0.1:0", incoming); }) == (all ? 15 : 6));
    const auto listener = or_throw(listen("127.0.0.1:0"));
    const endpoint where = or_throw(listener.local_endpoint());
    CHECK(options_needed([&] { return connect(where, outgoing); }) == (all ? 11 : 5));
    CHECK(options_needed([&] { return udp_socket::bind("127.0.0.1:0", datagrams); }) ==
          (all ? 5 : 4));
  });
}

}  // namespace weft::testing
