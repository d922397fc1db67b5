#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <weft/net/tcp.hpp>

#include "check_says.hpp"
#include "support/child.hpp"
#include "support/io_fixture.hpp"
#include "support/raw_sockets.hpp"

/// What the process may not do, or has no more of: each gives an error that says what it was.
namespace weft::testing {

namespace {

void check_child(const char* test_case) {
  const child_outcome ended = run_child(test_case);
  CHECK_MESSAGE(ended.exited_with(0), ended.output);
  CHECK_MESSAGE(ended.says(" 1 passed"), ended.output);
}

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

/// The first port that anyone may listen on.
int first_open_port() {
  int port = 1024;
  std::ifstream("/proc/sys/net/ipv4/ip_unprivileged_port_start") >> port;
  return port;
}

}  // namespace

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
      check_says(refused, "connect " + listener.local_endpoint()->to_string(),
                 "(the process has as many descriptors as it may: see ulimit -n)");
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
