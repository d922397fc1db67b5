#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <weft/net/resolve_errc.hpp>
#include <weft/net/tcp.hpp>
#include <weft/runtime/explain.hpp>

#include "support/child.hpp"
#include "support/io_fixture.hpp"
#include "support/raw_sockets.hpp"

/// What users do wrong and what peers do to them: each gives an error that says what it was.
namespace weft::testing {

namespace {

/// What explain() says, checked for its parts: the system's own words lie between them.
template <class T>
void check_says(const result<T>& outcome, std::string_view start, std::string_view way_out) {
  REQUIRE(!outcome);
  const std::string said = explain(outcome.error());
  CHECK_MESSAGE(said.starts_with(std::string(start) + ": "), said);
  CHECK_MESSAGE(said.find(outcome.error().message()) != std::string::npos, said);
  CHECK_MESSAGE(said.ends_with(way_out), said);
}

void check_child(const char* test_case) {
  const child_outcome ended = run_child(test_case);
  CHECK_MESSAGE(ended.exited_with(0), ended.output);
  CHECK_MESSAGE(ended.says(" 1 passed"), ended.output);
}

/// SIGPIPE ends the program, whatever started it asked for.
class deadly_sigpipe {
 public:
  deadly_sigpipe() : before_(std::signal(SIGPIPE, SIG_DFL)) {}
  ~deadly_sigpipe() { std::signal(SIGPIPE, before_); }
  deadly_sigpipe(const deadly_sigpipe&) = delete;
  deadly_sigpipe& operator=(const deadly_sigpipe&) = delete;

 private:
  void (*before_)(int);
};

/// Leaves this process room for just so many more descriptors, while it lives.
class few_descriptors {
 public:
  explicit few_descriptors(rlim_t more) {
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &before_) == 0);
    const raw_handle lowest_free(::dup(STDERR_FILENO));
    const rlimit tight{.rlim_cur = static_cast<rlim_t>(lowest_free.get()) + more,
                       .rlim_max = before_.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &tight) == 0);
  }
  ~few_descriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  few_descriptors(const few_descriptors&) = delete;
  few_descriptors& operator=(const few_descriptors&) = delete;

 private:
  rlimit before_{};
};

bool is_broken(std::error_code error) {
  return error == std::errc::connection_reset || error == std::errc::broken_pipe;
}

std::uint16_t unused_port() {
  return or_throw(listen("127.0.0.1:0")).local_endpoint()->port();
}

/// The first port that anyone may listen on.
int first_open_port() {
  int port = 1024;
  std::ifstream("/proc/sys/net/ipv4/ip_unprivileged_port_start") >> port;
  return port;
}

}  // namespace

TEST_CASE("a port that is taken: the message names it and the way out") {
  in_io([] {
    const auto first = or_throw(listen("127.0.0.1:0"));
    const std::string where = first.local_endpoint()->to_string();
    const auto second = listen(where);
    CHECK(error_of(second) == std::errc::address_in_use);
    check_says(second, "listen " + where,
               "(another program listens there; port 0 picks a free one)");
  });
}

TEST_CASE("an address that is not this machine's: the message says so") {
  in_io([] {
    const auto outcome = listen("192.0.2.1:0");  // set aside for documentation
    CHECK(error_of(outcome) == std::errc::address_not_available);
    check_says(outcome, "listen 192.0.2.1:0", "(no interface of this machine has that address)");
  });
}

TEST_CASE("a server that is not there: the message names its address") {
  in_io([] {
    const std::string port = std::to_string(unused_port());
    const auto by_address = connect("127.0.0.1:" + port);
    CHECK(error_of(by_address) == std::errc::connection_refused);
    check_says(by_address, "connect 127.0.0.1:" + port, "(nothing listens there)");
    const auto by_name = connect("localhost:" + port);
    CHECK(error_of(by_name) == std::errc::connection_refused);
    check_says(by_name, "connect localhost:" + port, "(nothing listens there)");
  });
}

TEST_CASE("a plain thread is told the same") {
  const std::string where = "127.0.0.1:" + std::to_string(unused_port());
  const auto outcome = connect(where);
  CHECK(error_of(outcome) == std::errc::connection_refused);
  check_says(outcome, "connect " + where, "(nothing listens there)");
}

TEST_CASE("a host that does not exist: the message names it") {
  in_io([] {
    const timeout_scope limit(2s);  // name servers may be silent
    const auto outcome = connect("no-such-host.invalid:80");
    const std::error_code error = error_of(outcome);
    CHECK((error.category() == resolve_category() || error == errc::timed_out));
    check_says(outcome, "connect no-such-host.invalid:80", "");
  });
}

TEST_CASE("an address without a port: the message names it and says what to write") {
  in_io([] {
    check_says(listen("127.0.0.1"), "listen 127.0.0.1", "");
    check_says(connect("[::1]"), "connect [::1]", "");
  });
}

TEST_CASE("child: listens on a privileged port without the privilege" * doctest::skip()) {
  become_plain_program();
  if (::geteuid() == 0) {
    REQUIRE(::setuid(65534) == 0);
  }
  const int code = run_main([]() -> result<void> {
    auto listener = listen("127.0.0.1:1");
    return listener ? result<void>() : fail(listener.error());
  });
  std::_Exit(code);
}

TEST_CASE("a privileged port: the message names the privilege, and main() fails") {
  if (first_open_port() <= 1) {
    return;  // this machine asks for none
  }
  const child_outcome ended =
      run_child("child: listens on a privileged port without the privilege");
  CHECK_MESSAGE(ended.exited_with(EXIT_FAILURE), ended.output);
  CHECK_MESSAGE(ended.says("error: listen 127.0.0.1:1: "), ended.output);
  CHECK_MESSAGE(ended.says("(ports below 1024 need CAP_NET_BIND_SERVICE)"), ended.output);
}

TEST_CASE("a peer that resets the connection ends the write that waits [row 125]") {
  const deadly_sigpipe armed;
  in_io([] {
    raw_pair ends = tcp_pair();
    set_option(ends.near.get(), SO_SNDBUF, 16 * 1024);
    fill(ends.near.get());
    const tcp_stream near = stream_on(std::move(ends.near));
    auto writer = spawn([&] { return error_of(near.write_all(std::string(1'000'000, 'w'))); });
    (void)sleep_for(settle_time);
    CHECK(!writer.finished());
    reset(ends.far);
    const auto error = writer.join();
    REQUIRE(error);
    CHECK_MESSAGE(is_broken(*error), error->message());
  });
}

TEST_CASE("no form of write raises SIGPIPE [row 125]") {
  const deadly_sigpipe armed;
  in_io([] {
    raw_pair ends = tcp_pair();
    const tcp_stream near = stream_on(std::move(ends.near));
    reset(ends.far);
    std::array<std::byte, 8> buffer;
    CHECK(is_broken(error_of(near.read(buffer))));
    const std::array<std::span<const std::byte>, 1> parts{bytes_of("x")};
    for (int i = 0; i < 2; ++i) {
      CHECK(is_broken(error_of(near.write(bytes_of("x")))));
      CHECK(is_broken(error_of(near.write_all("x"))));
      CHECK(is_broken(error_of(near.try_write(bytes_of("x")))));
      CHECK(is_broken(error_of(near.write_vectored(parts))));
    }
    std::thread([&] {
      CHECK(is_broken(error_of(near.write(bytes_of("x")))));
      CHECK(is_broken(error_of(near.write_vectored(parts))));
    }).join();
  });
}

TEST_CASE("a peer that resets the connection ends the read that waits") {
  in_io([] {
    raw_pair ends = tcp_pair();
    const tcp_stream near = stream_on(std::move(ends.near));
    auto reader = spawn([&] {
      std::array<std::byte, 8> buffer;
      return error_of(near.read(buffer));
    });
    (void)sleep_for(settle_time);
    reset(ends.far);
    CHECK(reader.join() == std::error_code(ECONNRESET, std::system_category()));
  });
}

TEST_CASE("a connection that was reset before it was accepted does not end the server") {
  in_io([] {
    const auto listener = or_throw(listen("127.0.0.1:0"));
    const sockaddr_in address = loopback(listener.local_endpoint()->port());
    raw_handle gone = raw_connection(address);
    reset(gone);
    const raw_handle there = raw_connection(address);
    CHECK(send_now(there.get(), "!"));
    for (bool served = false; !served;) {
      const auto peer = or_throw(listener.accept());
      std::array<std::byte, 1> byte;
      served = peer.read(byte).has_value();
    }
  });
}

TEST_CASE("child: serves on after it ran out of descriptors" * doctest::skip()) {
  in_io([] {
    const auto listener = or_throw(listen("127.0.0.1:0"));
    const sockaddr_in address = loopback(listener.local_endpoint()->port());
    std::vector<raw_handle> clients;
    for (int i = 0; i < 4; ++i) {
      clients.push_back(raw_connection(address));
    }
    {
      const few_descriptors tight(1);
      auto first = or_throw(listener.accept());
      CHECK(error_of(listener.try_accept()) == std::errc::too_many_files_open);
      const auto refused = connect(*listener.local_endpoint());
      CHECK(error_of(refused) == std::errc::too_many_files_open);
      check_says(refused, "connect " + listener.local_endpoint()->to_string(), "");
      {
        const timeout_scope limit(30ms);
        CHECK(error_of(listener.accept()) == errc::timed_out);
      }
      auto second = spawn([&] { return listener.accept(); });
      (void)sleep_for(20ms);
      CHECK(!second.finished());
      first.close();
      CHECK(or_throw(second.join()).is_open());
    }
    for (int i = 2; i < 4; ++i) {
      const auto peer = or_throw(listener.accept());
      CHECK(peer.write_all("hello"));
    }
    CHECK(error_of(listener.try_accept()) == std::errc::operation_would_block);
  });
}

TEST_CASE("a server that runs out of descriptors waits for one and loses no connection") {
  check_child("child: serves on after it ran out of descriptors");
}

}  // namespace weft::testing
